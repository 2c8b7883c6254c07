"""The signing key changes: what was signed before still verifies, and what the former key signs later does not."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from apps.audit_service.app import create
from apps.audit_service.domain import notes
from apps.audit_service.service import Checkpoints, Exports
from chassis.testing import AppClient
from cli import verify_trail
from local.audit_key import handover, vkey
from local.key_pairs import pems

NOW = datetime.now(UTC).replace(microsecond=0)  # the service signs by the clock
UNTIL = NOW + timedelta(hours=1)


def changed(former: Ed25519PrivateKey, following: Ed25519PrivateKey) -> str:
    return handover(former, following, UNTIL, NOW)


def checkpoint(moment: datetime) -> notes.Checkpoint:
    return notes.Checkpoint("local", 1, bytes(32), bytes(32), moment.strftime("%Y-%m-%dT%H:%M:%SZ"))


@pytest.fixture
def keys() -> list[Ed25519PrivateKey]:
    """Of three times, the first to the last."""
    return [Ed25519PrivateKey.generate() for _ in range(3)]


@pytest.fixture
def handovers(keys) -> list[str]:
    return [changed(keys[0], keys[1]), changed(keys[1], keys[2])]


@pytest.fixture
async def rotated(settings, dapr, trail, keys, handovers, tmp_path):
    """A trail that three keys have signed: the folder of its checkpoints, and its bundle."""
    for number, key in enumerate(keys):
        dapr.secrets |= {"audit/signing-key": pems(key)[0], "audit/handovers": json.dumps(handovers[:number])}
        app = create(settings)
        async with AppClient(app, dapr.headers()).running() as service:
            await trail.fill(3 + number)
            container = app.state.chassis.container
            await container[Checkpoints].sign_all()
            verdict = (await service.get("/api/v1/audit/verify")).json()
            assert (verdict["ok"], verdict["checkpoints"], verdict["exported"]) == (True, number + 1, number + 1)
            told = (await service.get("/api/v1/audit/key")).json()
            assert told == {"key": vkey(key), "handovers": handovers[:number]}
            asked = (await service.post("/api/v1/audit/exports", json={"format": "bundle"})).json()
            await container[Exports].work()
            path = f"/api/v1/audit/exports/{asked['id']}/content?part=0"
            (tmp_path / "trail.bundle").write_bytes((await service.get(path)).body)
    return tmp_path / "trail.bundle", tmp_path / "checkpoints" / "local"


async def test_what_three_keys_signed_verifies_with_any_of_them_without_a_server(rotated, keys, capsys):
    bundle, places = rotated
    for key in keys:
        assert verify_trail.main([str(bundle), "--key", vkey(key), "--checkpoints", str(places)]) == 0
    assert "OK: 12 entries of local" in capsys.readouterr().out
    assert verify_trail.main([str(bundle), "--key", vkey(Ed25519PrivateKey.generate())]) == 1


async def test_without_the_handover_a_former_keys_notes_are_not_believed(rotated, keys, capsys):
    bundle, _ = rotated
    lines = [line for line in bundle.read_bytes().splitlines(keepends=True) if b"audit-service/key" not in line]
    bundle.write_bytes(b"".join(lines))
    assert verify_trail.main([str(bundle), "--key", vkey(keys[2])]) == 1
    assert "cannot be believed" in capsys.readouterr().out


def believed(note: str, current: Ed25519PrivateKey, handovers: list[str]) -> bool:
    """The service and the offline verifier must be of one mind."""
    try:
        here = bool(notes.opened(note, notes.Keys(current.public_key(), handovers)))
    except ValueError:
        here = False
    try:
        there = bool(verify_trail.Keys(verify_trail.Key(vkey(current)), handovers).opened(note))
    except (ValueError, verify_trail.Broken):
        there = False
    assert here == there
    return here


def test_a_former_keys_note_is_believed_when_it_tells_a_moment_before_its_end(keys, handovers):
    former = notes.Signer(pems(keys[0])[0])
    assert believed(former.sign(checkpoint(UNTIL)), keys[2], handovers)
    assert not believed(former.sign(checkpoint(UNTIL + timedelta(seconds=1))), keys[2], handovers)
    assert not believed(former.sign(checkpoint(NOW)), keys[2], handovers[1:])
    assert believed(notes.Signer(pems(keys[2])[0]).sign(checkpoint(UNTIL + timedelta(days=99))), keys[2], handovers)


def test_a_handover_counts_only_with_both_signatures_and_only_towards_the_key_in_use(keys, handovers):
    note = notes.Signer(pems(keys[1])[0]).sign(checkpoint(NOW))
    assert believed(note, keys[2], handovers)
    *text, _, of_former, of_next = handovers[1].splitlines(keepends=True)
    forged = ["".join([*text, "\n", line]) for line in (of_former, of_next)]
    forged += [handovers[1].replace("\nuntil 2", "\nuntil 3"), handovers[1].replace(of_next, of_former)]
    for each in forged:
        assert not believed(note, keys[2], [each])
    thief = Ed25519PrivateKey.generate()
    stolen = notes.Signer(pems(thief)[0]).sign(checkpoint(NOW))
    assert not believed(stolen, keys[2], [handovers[0], changed(keys[0], thief), handovers[1]])
    assert not believed(stolen, keys[2], [*handovers, changed(keys[1], thief)])
    assert not believed(note, keys[2], [*handovers, changed(keys[2], keys[0])])
