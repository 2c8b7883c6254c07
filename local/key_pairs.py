"""Ed25519 key pairs as PEM texts (PKCS #8 and SubjectPublicKeyInfo)."""

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from .errors import SetupError


def key_pair(private_pem: str | None, name: str) -> tuple[str, str]:
    """An Ed25519 key pair as PEM texts (PKCS #8 and SubjectPublicKeyInfo); the private half may be given."""
    if private_pem is None:
        private = Ed25519PrivateKey.generate()
    else:
        try:
            loaded = serialization.load_pem_private_key(private_pem.encode(), password=None)
        except ValueError:
            loaded = None
        if not isinstance(loaded, Ed25519PrivateKey):
            raise SetupError(f"secrets.json: {name} is not an Ed25519 key. Remove that entry.")
        private = loaded
    return pems(private)


def pems(private: Ed25519PrivateKey) -> tuple[str, str]:
    secret_half = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public_half = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return secret_half.decode(), public_half.decode()
