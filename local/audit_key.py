"""A new key for the audit trail's checkpoints, to which the one before hands over."""

import base64
import json
import os
import signal
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from .credentials import AUDIT_HANDOVERS, AUDIT_SIGNING_KEY, Credentials
from .errors import SetupError
from .key_pairs import pems
from .run_dir import RunDirectory, is_running

SIGNER = "audit-service"


def rotate(directory: RunDirectory, overlap: int) -> int:
    """Make it, and have the sidecars of a running audit-service read it. `overlap`: minutes; prints what was done.

    The private half of the key before is gone afterwards. Raises SetupError when there is none.
    """
    if not (directory.path / "secrets.json").exists():
        raise SetupError(f"{directory.path} has no keys yet: `make up` makes them")
    credentials = Credentials.load_or_create(directory.path)
    former = load_pem_private_key(credentials.value(AUDIT_SIGNING_KEY).encode(), password=None)
    if not isinstance(former, Ed25519PrivateKey):
        raise SetupError(f"secrets.json: {AUDIT_SIGNING_KEY} is not an Ed25519 key")
    following, now = Ed25519PrivateKey.generate(), datetime.now(UTC)
    until = now + timedelta(minutes=overlap)
    handovers = [*json.loads(credentials.value(AUDIT_HANDOVERS)), handover(former, following, until, now)]
    credentials.set({AUDIT_SIGNING_KEY: pems(following)[0], AUDIT_HANDOVERS: json.dumps(handovers)})
    print(f"was  {vkey(former)}, believed until {_told(until)}\nis   {vkey(following)}")
    for pid in _sidecars(directory):
        os.kill(pid, signal.SIGTERM)  # the launcher starts it again, and it reads the secrets at its start
    print("audit-service signs with it two minutes after. Keep the new line where the trail is not.")
    return 0


def handover(former: Ed25519PrivateKey, following: Ed25519PrivateKey, until: datetime, now: datetime) -> str:
    """The note by which both keys say that the first is believed no longer than `until`."""
    names = f"former {vkey(former)}\nnext {vkey(following)}\n"
    text = f"audit-service/key\n{names}until {_told(until)}\ntime {_told(now)}\n"
    signed = [(_id(key) + key.sign(text.encode())) for key in (former, following)]
    return text + "\n" + "".join(f"\u2014 {SIGNER} {base64.b64encode(each).decode()}\n" for each in signed)


def vkey(key: Ed25519PrivateKey) -> str:
    """The public half in one line, as C2SP's signed-note has it."""
    return f"{SIGNER}+{_id(key).hex()}+{base64.b64encode(_public(key)).decode()}"


def _id(key: Ed25519PrivateKey) -> bytes:
    return sha256(f"{SIGNER}\n".encode() + _public(key)).digest()[:4]


def _public(key: Ed25519PrivateKey) -> bytes:
    return b"\x01" + key.public_key().public_bytes_raw()


def _told(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _sidecars(directory: RunDirectory) -> list[int]:
    record = directory.read_record()
    entries = [each for each in record.processes if (each.app_id, each.kind) == (SIGNER, "sidecar")] if record else []
    return [each.pid for each in entries if each.pid and is_running(each.pid, each.started)]
