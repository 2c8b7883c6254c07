"""What the database keeps of answers, unreadable without the app's own key: some answers hold a secret shown once."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ._secrets import Secrets

_NONCE = 12  # bytes


class Seal:
    """AES-256-GCM under a key derived from the secret `service-key/<app-id>`, which only this app may read.

    All answers and not only some: nobody has to remember which routes tell a secret.
    """

    def __init__(self, app_id: str, secrets: Secrets) -> None:
        self._name, self._secrets = f"service-key/{app_id}", secrets
        self._cipher: tuple[str, AESGCM] | None = None

    async def close(self, content: bytes, place: bytes) -> bytes:
        """`content` sealed; it opens for the same `place` only. Raises what `Secrets.get` raises."""
        nonce = os.urandom(_NONCE)
        return nonce + (await self._current()).encrypt(nonce, content, place)

    async def open(self, sealed: bytes, place: bytes) -> bytes | None:
        """The content; None when the app's key is another one by now. Raises what `Secrets.get` raises."""
        try:
            return (await self._current()).decrypt(sealed[:_NONCE], sealed[_NONCE:], place)
        except InvalidTag:
            return None

    async def _current(self) -> AESGCM:
        secret = await self._secrets.get(self._name)
        if self._cipher is None or self._cipher[0] != secret:
            derived = HKDF(SHA256(), length=32, salt=None, info=b"kept answers").derive(secret.encode())
            self._cipher = secret, AESGCM(derived)
        return self._cipher[1]
