"""Who asks: issued as a short EdDSA JWT by the gateway, verified by every app itself."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import jwt

from ._codes import InvalidToken, MissingKey
from ._context import current

ISSUER = "api-gateway"
AUDIENCE = "platform"
LEEWAY = 10  # seconds two clocks on one cluster may differ
CACHED = 10_000  # verified tokens remembered; a client has one every 5 minutes


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a request acts for. `act` names the agent acting for the user, if one does."""

    user: str
    tenant: str
    scopes: tuple[str, ...] = ()
    act: str | None = None


def issue(principal: Principal, signing_key: str, *, lifetime: float = 300) -> str:
    """A JWT for `principal`, signed with an Ed25519 private key (PEM), valid for `lifetime` seconds."""
    now = time.time()
    claims: dict[str, Any] = {
        "iss": ISSUER,
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


def verify(token: str, public_key: str) -> tuple[Principal, float]:
    """The token's principal and its expiry (Unix time). Raises InvalidToken, which never says why in detail."""
    try:
        claims = jwt.decode(
            token,
            public_key,
            algorithms=["EdDSA"],
            audience=AUDIENCE,
            issuer=ISSUER,
            leeway=LEEWAY,
            options={"require": ["exp", "iat", "iss", "aud", "sub", "tenant"]},
        )
        user, tenant, scopes = claims["sub"], claims["tenant"], claims.get("scopes", [])
        if not (isinstance(user, str) and user and isinstance(tenant, str) and tenant):
            raise InvalidToken("The token names no user or tenant.")
        if not (isinstance(scopes, list) and all(isinstance(scope, str) for scope in scopes)):
            raise InvalidToken("The token's scopes are not a list of names.")
        act = claims.get("act")
        acting = act.get("sub") if isinstance(act, dict) else None
        return Principal(user, tenant, tuple(scopes), acting if isinstance(acting, str) else None), claims["exp"]
    except jwt.PyJWTError as error:
        raise InvalidToken("The internal token is expired or was not issued by this platform.") from error


class Verifier:
    """Verifies the bearer token of a request, once per token.

    `public_key` fetches the PEM (from the secret store, cached there); a bad signature is tried once more with a
    key fetched afresh, so that a rotation refuses nobody, but at most once a second, so that forged tokens cost
    nothing.
    """

    def __init__(self, public_key: Callable[..., Awaitable[str]]) -> None:
        self._public_key = public_key
        self._known: dict[bytes, tuple[Principal, float]] = {}
        self._refetched = float("-inf")

    async def principal(self, authorization: str | None) -> Principal:
        """Raises MissingKey without a bearer token, InvalidToken when it does not verify."""
        if not authorization or authorization[:7].lower() != "bearer ":
            raise MissingKey("This call carries no identity; calls come through the gateway, which adds it.")
        token = authorization[7:].strip()
        digest = sha256(token.encode()).digest()
        known = self._known.get(digest)
        if known and known[1] + LEEWAY > time.time():
            return known[0]
        try:
            verified = verify(token, await self._public_key())
        except InvalidToken:
            if time.monotonic() - self._refetched < 1:
                raise
            self._refetched = time.monotonic()
            verified = verify(token, await self._public_key(fresh=True))
        if len(self._known) >= CACHED:
            self._known.clear()
        self._known[digest] = verified
        return verified[0]


def principal() -> Principal:
    """The running request's principal. Raises MissingKey when nobody has been identified."""
    who = current().principal
    if who is None:
        raise MissingKey("Send your key as `Authorization: Bearer pya_…`.")
    return who
