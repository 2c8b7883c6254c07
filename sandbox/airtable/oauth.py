"""OAuth as Airtable does it: a consent page, a code bound to a PKCE challenge, tokens for an hour, one refresh."""

from __future__ import annotations

import base64
import binascii
import hashlib
import html
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from sandbox.airtable.clock import Clock
from sandbox.airtable.errors import AirtableError
from sandbox.airtable.grants import Grant
from sandbox.airtable.http import Request, Response, as_json

#: Seconds; from Airtable's OAuth reference.
CODE_LIVES, TOKEN_LIVES, REFRESH_LIVES = 600.0, 3600.0, 60 * 86_400.0


@dataclass(frozen=True)
class Client:
    """An integration. Without a secret it is a public client and proves itself by PKCE alone."""

    id: str
    secret: str | None
    redirect_uris: tuple[str, ...]
    scopes: frozenset[str]
    #: Who is asked, unless somebody else is chosen on the consent page.
    user_id: str


@dataclass(frozen=True)
class _Code:
    client_id: str
    user_id: str
    redirect_uri: str
    challenge: str
    scopes: frozenset[str]
    expires: float


@dataclass
class _Refresh:
    client_id: str
    user_id: str
    scopes: frozenset[str]
    family: str
    expires: float
    used: bool = False


class OAuth:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.reset({}, {})

    def reset(self, clients: dict[str, Client], users: dict[str, dict[str, str]]) -> None:
        """Nobody has consented to anything yet."""
        self._clients, self._users = clients, users
        self._codes: dict[str, _Code] = {}
        self._refresh: dict[str, _Refresh] = {}
        self._access: dict[str, tuple[str, Grant]] = {}

    def grant(self, token: str) -> Grant | None:
        family_and_grant = self._access.get(token)
        if family_and_grant is None or (family_and_grant[1].expires or 0.0) <= self._clock.seconds():
            return None
        return family_and_grant[1]

    def answer(self, request: Request) -> Response:
        match request.method, request.segments[2:]:
            case "GET", ["authorize"]:
                return self._consent(dict(request.query))
            case "POST", ["authorize"]:
                return self._decided(_form(request))
            case "POST", ["token"]:
                return self._token(_form(request), request.headers)
        return as_json({"error": "NOT_FOUND"}, 404)

    def _consent(self, query: Mapping[str, str]) -> Response:
        """What a person sees, who may be any of the seed's. Both buttons send back what was asked and decided."""
        client = self._checked(query)
        hidden = "".join(
            f'<input type="hidden" name="{html.escape(key)}" value="{html.escape(value)}">'
            for key, value in query.items()
        )
        wanted = "".join(f"<li>{html.escape(scope)}" for scope in query["scope"].split())
        people = "".join(
            f"<option{' selected' if user['id'] == client.user_id else ''}>{html.escape(user['email'])}"
            for user in self._users.values()
        )
        page = (
            f"<!doctype html><title>Authorize</title><h1>{html.escape(client.id)} asks for</h1><ul>{wanted}</ul>"
            f'<form method="post">{hidden}<select name="user">{people}</select>'
            f'<button name="decision" value="allow">Grant access</button>'
            f'<button name="decision" value="deny">Deny</button></form>'
        )
        return Response(200, page.encode(), {"content-type": "text/html; charset=utf-8"})

    def _decided(self, form: Mapping[str, str]) -> Response:
        client = self._checked(form)
        user_id = self._consenting(form, client)
        back = {"state": form["state"]}
        if form.get("decision") != "allow":
            return _redirect(form["redirect_uri"], {"error": "access_denied", **back})
        code, scopes = secrets.token_urlsafe(32), frozenset(form["scope"].split())
        expires = self._clock.seconds() + CODE_LIVES
        self._codes[code] = _Code(client.id, user_id, form["redirect_uri"], form["code_challenge"], scopes, expires)
        pkce = {key: form[key] for key in ("code_challenge", "code_challenge_method")}
        return _redirect(form["redirect_uri"], {"code": code, **back, **pkce})

    def _consenting(self, form: Mapping[str, str], client: Client) -> str:
        wanted = form.get("user")
        if wanted is None:
            return client.user_id
        for user in self._users.values():
            if user["email"] == wanted:
                return user["id"]
        raise _refused("invalid_request", "no user of the simulator has this address")

    def _checked(self, asked: Mapping[str, str]) -> Client:
        """Nobody is sent to an address that is not registered; every other error is shown as well, not sent."""
        client = self._clients.get(asked.get("client_id", ""))
        if client is None or asked.get("redirect_uri") not in client.redirect_uris:
            raise _refused("invalid_request", "unknown client_id or redirect_uri")
        if asked.get("response_type") != "code" or asked.get("code_challenge_method") != "S256":
            raise _refused("invalid_request", "response_type must be code, code_challenge_method S256")
        if not 43 <= len(asked.get("code_challenge", "")) <= 128 or len(asked.get("state", "")) < 16:
            raise _refused("invalid_request", "code_challenge must have 43 to 128 characters, state at least 16")
        scopes = asked.get("scope", "").split()
        if not scopes or not client.scopes.issuperset(scopes):
            raise _refused("invalid_scope", "the client is not registered for a scope")
        return client

    def _token(self, form: Mapping[str, str], headers: Mapping[str, str]) -> Response:
        client, now = self._client(form, headers), self._clock.seconds()
        match form.get("grant_type"):
            case "authorization_code":
                code = self._codes.pop(form.get("code", ""), None)
                if code is None or code.expires <= now or code.client_id != client.id:
                    raise _refused("invalid_grant", "the code is unknown, used or expired")
                if code.redirect_uri != form.get("redirect_uri"):
                    raise _refused("invalid_grant", "redirect_uri is not the one that was asked for")
                if not secrets.compare_digest(_challenge(form.get("code_verifier", "")), code.challenge):
                    raise _refused("invalid_grant", "code_verifier does not fit the challenge")
                return self._issue(client, code.user_id, code.scopes, secrets.token_hex(8))
            case "refresh_token":
                held = self._refresh.get(form.get("refresh_token", ""))
                if held is None or held.expires <= now or held.client_id != client.id:
                    raise _refused("invalid_grant", "the refresh token is unknown or expired")
                if held.used:
                    self._revoke(held.family)
                    raise _refused("invalid_grant", "the refresh token was used before; all of this grant is revoked")
                held.used = True
                return self._issue(client, held.user_id, held.scopes, held.family)
        raise _refused("unsupported_grant_type", "grant_type must be authorization_code or refresh_token")

    def _client(self, form: Mapping[str, str], headers: Mapping[str, str]) -> Client:
        scheme, _, encoded = headers.get("authorization", "").partition(" ")
        client_id, secret = form.get("client_id", ""), ""
        if scheme.lower() == "basic":
            try:
                client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                raise _refused("invalid_client", "unreadable Basic credentials", 401) from None
        client = self._clients.get(client_id)
        if client is None or not secrets.compare_digest((client.secret or "").encode(), secret.encode()):
            raise _refused("invalid_client", "unknown client or wrong secret", 401)
        return client

    def _issue(self, client: Client, user_id: str, scopes: frozenset[str], family: str) -> Response:
        now = self._clock.seconds()
        self._access = {key: pair for key, pair in self._access.items() if (pair[1].expires or 0.0) > now}
        self._refresh = {key: held for key, held in self._refresh.items() if held.expires > now}
        # A refresh ends the access token it replaces.
        self._access = {key: pair for key, pair in self._access.items() if pair[0] != family}
        access, refresh = f"oaa{secrets.token_urlsafe(40)}", f"oar{secrets.token_urlsafe(40)}"
        self._access[access] = (family, Grant(user_id, scopes, None, now + TOKEN_LIVES, client.id))
        self._refresh[refresh] = _Refresh(client.id, user_id, scopes, family, now + REFRESH_LIVES)
        content = {
            "access_token": access,
            "refresh_token": refresh,
            "token_type": "Bearer",
            "scope": " ".join(sorted(scopes)),
            "expires_in": int(TOKEN_LIVES),
            "refresh_expires_in": int(REFRESH_LIVES),
        }
        return as_json(content, headers={"cache-control": "no-store"})

    def _revoke(self, family: str) -> None:
        self._refresh = {key: held for key, held in self._refresh.items() if held.family != family}
        self._access = {key: pair for key, pair in self._access.items() if pair[0] != family}


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode("utf-8", "replace")))


def _redirect(uri: str, query: Mapping[str, str]) -> Response:
    return Response(302, b"", {"location": f"{uri}{'&' if '?' in uri else '?'}{urlencode(query)}"})


def _refused(error: str, description: str, status: int = 400) -> AirtableError:
    return AirtableError(status, {"error": error, "error_description": description})
