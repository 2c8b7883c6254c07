"""Signed notes: checkpoints of a tenant's tree, tombstones of what was erased, handovers from one key to the next.

The text form is that of C2SP's signed-note and tlog-checkpoint: lines, an empty line, and Ed25519 signature lines.
"""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import quote, unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SIGNER = "audit-service"
CHECKPOINT, TOMBSTONE = "audit-service/", "audit-service/tombstone/"  # before the tenant, in the first line
HANDOVER = "audit-service/key"  # the first line
_ED25519 = b"\x01"


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


class Keys:
    """Whose notes are believed: the key in use, and each that handed over to it, for notes of before its end.

    A handover names the former key, the next one and the end of the former, and is signed by both. What a former key
    signs for a moment after its end is not believed, whoever has it then.
    """

    def __init__(self, current: Ed25519PublicKey, handovers: Iterable[str] = ()) -> None:
        """`handovers`: in their order. Raises ValueError when they do not lead to `current`."""
        self.current = current
        self.handovers = list(handovers)
        self._until: list[tuple[Ed25519PublicKey, str]] = [(current, "")]  # no end
        heir = verifier_key(current)
        for note in reversed(self.handovers):
            title, former, following, end, *_ = note.splitlines()
            if title != HANDOVER or following != f"next {heir}":
                raise ValueError("a handover of the signing key does not lead to the key in use")
            heir = former.removeprefix("former ")
            public = Ed25519PublicKey.from_public_bytes(base64.b64decode(heir.split("+", 2)[2])[1:])
            for each in (public, self._until[-1][0]):
                _verify(note, each)
            self._until.append((public, end.removeprefix("until ")))

    def verify(self, note: str, time: str) -> None:
        """Raises ValueError unless one of them signed the note, which tells its `time` (RFC 3339), within its time."""
        for key, until in self._until:
            if any(signature[:4] == _key_id(key) for signature in _signatures(note)):
                _verify(note, key)
                if until and time > until:
                    raise ValueError(f"the note is signed with a key that was retired at {until}")
                return
        raise ValueError("the note is signed with another key")


class Signer:
    """Signs notes with an Ed25519 private key (PEM). `handovers`: from the keys before it."""

    def __init__(self, pem: str, handovers: Iterable[str] = ()) -> None:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError("not an Ed25519 key")
        self._key = key
        self.keys = Keys(key.public_key(), handovers)

    def sign(self, note: Checkpoint | Tombstone) -> str:
        text = note.text()
        signature = _key_id(self.keys.current) + self._key.sign(text.encode())
        return f"{text}\n\u2014 {SIGNER} {_base64(signature)}\n"


def verifier_key(public: Ed25519PublicKey) -> str:
    """The public key as one line: name, key id, key (C2SP's vkey)."""
    return f"{SIGNER}+{_key_id(public).hex()}+{_base64(_ED25519 + public.public_bytes_raw())}"


def opened(note: str, keys: Keys) -> Checkpoint | Tombstone:
    """What a signed note says. Raises ValueError when none of the keys signed it, or it says nothing known."""
    lines = note.partition("\n\n")[0].splitlines()
    time = lines[-1].removeprefix("time ") if lines else ""
    keys.verify(note, time)
    if lines[0].startswith(TOMBSTONE):
        first, last = map(int, lines[1].split())
        return Tombstone(unquote(lines[0].removeprefix(TOMBSTONE)), first, last, int(lines[2].split()[1]), time)
    root, head = base64.b64decode(lines[2]), base64.b64decode(lines[3].removeprefix("chain "))
    return Checkpoint(unquote(lines[0].removeprefix(CHECKPOINT)), int(lines[1]), root, head, time)


def size_of(note: str) -> int:
    """What a checkpoint says its size is, whoever signed it; 0 for what is none."""
    lines = note.splitlines()
    return int(lines[1]) if len(lines) > 1 and lines[1].isdigit() else 0


def _signatures(note: str) -> list[bytes]:
    """Key id and signature of each line below the text. Raises ValueError."""
    lines = [line.removeprefix("\u2014 ").split(" ") for line in note.partition("\n\n")[2].splitlines()]
    return [base64.b64decode(encoded, validate=True) for name, encoded in lines if name == SIGNER]


def _verify(note: str, public: Ed25519PublicKey) -> None:
    text = note.partition("\n\n")[0] + "\n"
    try:
        (signature,) = (each for each in _signatures(note) if each[:4] == _key_id(public))
        public.verify(signature[4:], text.encode())
    except InvalidSignature:
        raise ValueError("the note's signature is wrong") from None


def _key_id(public: Ed25519PublicKey) -> bytes:
    return sha256(SIGNER.encode() + b"\n" + _ED25519 + public.public_bytes_raw()).digest()[:4]


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
