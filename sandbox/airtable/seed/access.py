"""Users, tokens and OAuth clients of a seed."""

from __future__ import annotations

from typing import Any

from sandbox.airtable.grants import SCOPES, Grant
from sandbox.airtable.ids import is_id
from sandbox.airtable.oauth import Client
from sandbox.airtable.seed.loading import OWNER, users_of
from sandbox.airtable.seed.reading import Part


class Access:
    """Raises InvalidSeed with the place of what is wrong."""

    def __init__(self, document: dict[str, Any]) -> None:
        seed = Part(document, "")
        self.users = users_of(seed)
        self._by_email = {user["email"]: user["id"] for user in self.users.values()}
        self.grants = dict(self._grant(part) for part in seed.parts("tokens"))
        self.clients = {client.id: client for client in map(self._client, seed.parts("oauthClients"))}

    def _grant(self, part: Part) -> tuple[str, Grant]:
        token, user_id = part.text("token"), self._user(part)
        bases = part.optional("bases")
        if bases is not None and not all(is_id("app", base) for base in part.items("bases")):
            raise part.fail("bases", "must be ids of bases")
        grant = Grant(user_id, _scopes(part), None if bases is None else frozenset(bases))
        part.finish()
        return token, grant

    def _client(self, part: Part) -> Client:
        uris = part.items("redirectUris")
        if not uris or not all(isinstance(uri, str) for uri in uris):
            raise part.fail("redirectUris", "at least one text is required")
        about = (part.text("id"), part.optional_text("secret"), tuple(uris), _scopes(part))
        client = Client(*about, self._user(part))
        part.finish()
        return client

    def _user(self, part: Part) -> str:
        email = part.optional_text("user") or OWNER["email"]
        if email not in self._by_email:
            raise part.fail("user", "no such user")
        return self._by_email[email]


def _scopes(part: Part) -> frozenset[str]:
    given = part.items("scopes") if part.optional("scopes") is not None else sorted(SCOPES)
    if not all(isinstance(scope, str) and scope in SCOPES for scope in given):
        raise part.fail("scopes", f"must be of {', '.join(sorted(SCOPES))}")
    return frozenset(given)
