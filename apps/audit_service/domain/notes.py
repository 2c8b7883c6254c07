"""Signed notes: checkpoints of a tenant's tree and tombstones of what was erased.

The text form is that of C2SP's signed-note and tlog-checkpoint: lines, an empty line, and an Ed25519 signature line.
"""

import base64
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import quote, unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SIGNER = "audit-service"
CHECKPOINT, TOMBSTONE = "audit-service/", "audit-service/tombstone/"  # before the tenant, in the first line
_ED25519 = b"\x01"
Key = Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The tree of `tenant` had `size` leaves and this root, and its chain this last hash, at `time` (RFC 3339)."""

    tenant: str
    size: int
    root: bytes
    head: bytes
    time: str

    def text(self) -> str:
        origin = CHECKPOINT + quote(self.tenant, safe="")
        return f"{origin}\n{self.size}\n{_base64(self.root)}\nchain {_base64(self.head)}\ntime {self.time}\n"


@dataclass(frozen=True, slots=True)
class Tombstone:
    """The bytes of entries `first` … `last` of `tenant` were erased at `time`, kept for `days` before."""

    tenant: str
    first: int
    last: int
    days: int
    time: str

    def text(self) -> str:
        origin = TOMBSTONE + quote(self.tenant, safe="")
        return f"{origin}\n{self.first} {self.last}\nkept {self.days} days\ntime {self.time}\n"


class Signer:
    """Signs notes with an Ed25519 private key (PEM)."""

    def __init__(self, pem: str) -> None:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError("not an Ed25519 key")
        self._key = key
        self.public = key.public_key()

    def sign(self, note: Checkpoint | Tombstone) -> str:
        text = note.text()
        signature = _key_id(self.public) + self._key.sign(text.encode())
        return f"{text}\n\u2014 {SIGNER} {_base64(signature)}\n"


def verifier_key(public: Ed25519PublicKey) -> str:
    """The public key as one line: name, key id, key (C2SP's vkey)."""
    return f"{SIGNER}+{_key_id(public).hex()}+{_base64(_ED25519 + public.public_bytes_raw())}"


def opened(note: str, public: Ed25519PublicKey) -> Checkpoint | Tombstone:
    """What a signed note says. Raises ValueError when it is not signed with this key, or says nothing known."""
    text, _, signatures = note.partition("\n\n")
    text += "\n"
    name, _, encoded = signatures.strip().removeprefix("\u2014 ").partition(" ")
    try:
        signature = base64.b64decode(encoded, validate=True)
        if name != SIGNER or signature[:4] != _key_id(public):
            raise ValueError("the note is signed with another key")
        public.verify(signature[4:], text.encode())
    except InvalidSignature:
        raise ValueError("the note's signature is wrong") from None
    lines = text.splitlines()
    time = lines[-1].removeprefix("time ")
    if lines[0].startswith(TOMBSTONE):
        first, last = map(int, lines[1].split())
        return Tombstone(unquote(lines[0].removeprefix(TOMBSTONE)), first, last, int(lines[2].split()[1]), time)
    root, head = base64.b64decode(lines[2]), base64.b64decode(lines[3].removeprefix("chain "))
    return Checkpoint(unquote(lines[0].removeprefix(CHECKPOINT)), int(lines[1]), root, head, time)


def size_of(note: str) -> int:
    """What a checkpoint says its size is, whoever signed it; 0 for what is none."""
    lines = note.splitlines()
    return int(lines[1]) if len(lines) > 1 and lines[1].isdigit() else 0


def _key_id(public: Ed25519PublicKey) -> bytes:
    return sha256(SIGNER.encode() + b"\n" + _ED25519 + public.public_bytes_raw()).digest()[:4]


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
