"""Who asks: a user, in a short EdDSA JWT of the gateway, or an app acting on its own, in one it signed itself.

Every app verifies both. What an app signs is believed only from that app: the mesh says who calls.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

import jwt
import orjson

from ._codes import InvalidToken, MissingKey, SecretMissing
from ._context import current
from ._secrets import Secrets

ISSUER = "api-gateway"
SERVICE = "service:"  # begins the issuer of a token that an app signed for itself; its app-id follows
AUDIENCE = "platform"
LEEWAY = 10  # seconds two clocks on one cluster may differ
CACHED = 10_000  # verified tokens remembered; a client has one every 5 minutes
USERS_KEY = "identity/public-key"  # the secrets' names
SERVICES_KEYS = "identity/service-keys"  # a JSON object: app-id → public key (PEM)
LIFETIME = 120.0  # seconds of a service's own token
RESERVE = 60.0  # seconds it must still have when it is sent


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a request acts for. `act` names the agent acting for the user, if one does.

    `kind` is `service` for an app that acts on its own, in a job or because of an event; `user` is then its app-id.
    """

    user: str
    tenant: str
    scopes: tuple[str, ...] = ()
    act: str | None = None
    kind: Literal["user", "service"] = "user"


def service(app_id: str, tenant: str = "platform") -> Principal:
    """The app itself, at work for `tenant`."""
    return Principal(app_id, tenant, kind="service")


def issue(principal: Principal, signing_key: str, *, lifetime: float = 300) -> str:
    """A JWT for `principal`, signed with an Ed25519 private key (PEM), valid for `lifetime` seconds."""
    now = time.time()
    claims: dict[str, Any] = {
        "iss": f"{SERVICE}{principal.user}" if principal.kind == "service" else ISSUER,
        "aud": AUDIENCE,
        "sub": principal.user,
        "tenant": principal.tenant,
        "scopes": list(principal.scopes),
        "iat": int(now),
        "exp": int(now + lifetime),
    }
    if principal.act:
        claims["act"] = {"sub": principal.act}
    return jwt.encode(claims, signing_key, algorithm="EdDSA")


def verify(token: str, public_key: str, *, issuer: str = ISSUER) -> tuple[Principal, float]:
    """The token's principal and its expiry (Unix time). Raises InvalidToken, which never says why in detail."""
    try:
        claims = jwt.decode(
            token,
            public_key,
            algorithms=["EdDSA"],
            audience=AUDIENCE,
            issuer=issuer,
            leeway=LEEWAY,
            options={"require": ["exp", "iat", "iss", "aud", "sub", "tenant"]},
        )
    except (jwt.PyJWTError, ValueError) as error:
        raise InvalidToken("The internal token is expired or was not issued by this platform.") from error
    user, tenant, scopes = claims["sub"], claims["tenant"], claims.get("scopes", [])
    if not (isinstance(user, str) and user and isinstance(tenant, str) and tenant):
        raise InvalidToken("The token names no user or tenant.")
    if not (isinstance(scopes, list) and all(isinstance(scope, str) for scope in scopes)):
        raise InvalidToken("The token's scopes are not a list of names.")
    if issuer != ISSUER:
        if issuer != f"{SERVICE}{user}":
            raise InvalidToken("An app signs for itself only.")
        return service(user, tenant), claims["exp"]
    act = claims.get("act")
    acting = act.get("sub") if isinstance(act, dict) else None
    return Principal(user, tenant, tuple(scopes), acting if isinstance(acting, str) else None), claims["exp"]


class Verifier:
    """Verifies the bearer token of a request, once per token.

    Public keys come from the secret store and are cached there; a bad signature is tried once more with a key fetched
    afresh, so that a rotation refuses nobody, but at most once a second, so that forged tokens cost nothing.
    """

    def __init__(self, secret: Callable[..., Awaitable[str]]) -> None:
        self._secret = secret
        self._known: dict[bytes, tuple[Principal, float]] = {}
        self._refetched = float("-inf")

    async def principal(self, authorization: str | None, caller: str | None) -> Principal:
        """`caller` is the app-id that the mesh vouches for; the app's own where daprd names none: it calls itself.

        Raises MissingKey without a bearer token, InvalidToken when it does not verify or is another app's own.
        """
        if not authorization or authorization[:7].lower() != "bearer ":
            raise MissingKey("This call carries no identity; calls come through the gateway, which adds it.")
        token = authorization[7:].strip()
        digest = sha256(token.encode()).digest()
        known = self._known.get(digest)
        if known is None or known[1] + LEEWAY <= time.time():
            known = await self._verified(token)
            if len(self._known) >= CACHED:
                self._known.clear()
            self._known[digest] = known
        who = known[0]
        if who.kind == "service" and who.user != caller:
            raise InvalidToken("This token is another app's own: it is believed from that app only.")
        return who

    async def _verified(self, token: str) -> tuple[Principal, float]:
        try:
            issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
        except jwt.PyJWTError as error:
            raise InvalidToken("The internal token is not a token.") from error
        if not isinstance(issuer, str) or not issuer.startswith(SERVICE):
            issuer = ISSUER
        try:
            return verify(token, await self._key(issuer), issuer=issuer)
        except InvalidToken:
            if time.monotonic() - self._refetched < 1:
                raise
            self._refetched = time.monotonic()
            return verify(token, await self._key(issuer, fresh=True), issuer=issuer)

    async def _key(self, issuer: str, *, fresh: bool = False) -> str:
        if issuer == ISSUER:
            return await self._secret(USERS_KEY, fresh=fresh)
        keys = orjson.loads(await self._secret(SERVICES_KEYS, fresh=fresh))
        key = keys.get(issuer.removeprefix(SERVICE))
        if not isinstance(key, str):
            raise InvalidToken("The token was signed by an app that is not known here.")
        return key


class ServiceTokens:
    """Tokens of this app for the calls it makes on its own, signed with a key that only it may read."""

    def __init__(self, app_id: str, secrets: Secrets) -> None:
        self._app_id = app_id
        self._secrets = secrets
        self._signed: dict[str, tuple[str, str, float]] = {}  # tenant → (header, key, good until)

    async def authorization(self, tenant: str) -> str:
        """The header under which callees know it. Raises SecretMissing and what `Secrets.get` raises."""
        name = f"service-key/{self._app_id}"
        key = await self._secrets.get(name)
        header, signed_with, good_until = self._signed.get(tenant, ("", "", 0.0))
        if signed_with != key or time.monotonic() > good_until:
            try:
                header = f"Bearer {issue(service(self._app_id, tenant), key, lifetime=LIFETIME)}"
            except (ValueError, TypeError, jwt.PyJWTError):
                raise SecretMissing(f"The secret {name} is no Ed25519 private key.") from None
            if len(self._signed) >= CACHED:
                self._signed.clear()
            self._signed[tenant] = header, key, time.monotonic() + LIFETIME - RESERVE
        return header


def principal() -> Principal:
    """The running request's principal. Raises MissingKey when nobody has been identified."""
    who = current().principal
    if who is None:
        raise MissingKey("Send your key as `Authorization: Bearer pya_…`.")
    return who
