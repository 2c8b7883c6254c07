"""Who may come in: a client's key is turned into a short internal token that every app verifies itself."""

import time
from collections.abc import Iterable
from hashlib import sha256
from hmac import compare_digest

from jwt import PyJWTError

from apps.api_gateway.domain.headers import Header, shown_key
from chassis import Context, InvalidKey, MissingKey, Principal, SecretMissing, Secrets, issue

DEVELOPMENT_KEY = "identity/development-key"
SIGNING_KEY = "identity/signing-key"
# Until auth-service keeps the keys there is one, and it is the developer's.
DEVELOPER = Principal(user="developer", tenant="local", scopes=("*",))
TOKEN_LIFETIME = 300.0  # seconds
# A request may wait 120 s in the mesh and is verified at each hop, so a token about to expire is not given out.
TOKEN_RESERVE = 150.0


class Door:
    """Checks keys and issues tokens, both from secrets that are read anew every minute."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._token = ("", "", 0.0)  # token, the key that signed it, good until (monotonic)

    async def ready(self) -> None:
        """Raises what keeps the door shut: the secrets it needs cannot be had."""
        await self._secrets.get(DEVELOPMENT_KEY)
        await self.authorization(DEVELOPER)

    async def admit(self, headers: Iterable[Header], context: Context) -> Principal:
        """Who the client's key belongs to; from now on `context` acts for him. Raises MissingKey or InvalidKey, and
        what Secrets raises.
        """
        key = shown_key(headers)
        if key is None:
            raise MissingKey("This route needs a key: send `Authorization: Bearer pya_…`.")
        known = sha256((await self._secrets.get(DEVELOPMENT_KEY)).encode()).digest()
        # Digests are of one length, so the comparison tells nothing about the key, not even that.
        if not compare_digest(key, known):
            raise InvalidKey("This key is not known here.")
        context.principal = DEVELOPER
        context.authorization = await self.authorization(DEVELOPER)
        return DEVELOPER

    async def authorization(self, who: Principal) -> str:
        """The header under which `who` is known inside the mesh."""
        token, signed_with, good_until = self._token
        signing_key = await self._secrets.get(SIGNING_KEY)
        if signed_with != signing_key or time.monotonic() > good_until:
            token = f"Bearer {_issued(who, signing_key)}"
            self._token = (token, signing_key, time.monotonic() + TOKEN_LIFETIME - TOKEN_RESERVE)
        return token


def _issued(who: Principal, signing_key: str) -> str:
    try:
        return issue(who, signing_key, lifetime=TOKEN_LIFETIME)
    except (ValueError, TypeError, PyJWTError):
        raise SecretMissing(f"The secret {SIGNING_KEY} is no Ed25519 private key.") from None
