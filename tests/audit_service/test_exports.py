"""Files of the trail, and the offline verifier on them."""

import csv
import io
import json
import random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as some

from apps.audit_service.service import Checkpoints, Exports, Retaining
from apps.audit_service.service import exports as service
from cli import verify_trail
from tests.audit_service.trail import an_entry


@pytest.fixture
def exported(app, client):
    """`await exported("csv")` is the whole file."""

    async def export(format_: str, trail: str = "own", **filter_: str) -> bytes:
        asked = {"format": format_, "filter": filter_}
        new = (await client.post(f"/api/v1/audit/exports?trail={trail}", json=asked)).json()
        await app.state.chassis.container[Exports].work()
        status = (await client.get(f"/api/v1/audit/exports/{new['id']}?trail={trail}")).json()
        assert status["state"] == "done", status
        parts = [
            (await client.get(f"/api/v1/audit/exports/{new['id']}/content?part={part}&trail={trail}")).body
            for part in range(status["parts"])
        ]
        assert sum(map(len, parts)) == status["bytes"]
        return b"".join(parts)

    return export


@pytest.fixture
async def bundle(app, trail, exported, tmp_path):
    """A trail of 40 entries under two checkpoints, and one entry after them, as a file."""
    for count in (15, 25):
        await trail.fill(count)
        await app.state.chassis.container[Checkpoints].sign_all()
    await trail.fill(1)
    path = tmp_path / "trail.bundle"
    path.write_bytes(await exported("bundle"))
    return path


async def test_the_platforms_own_trail_is_a_bundle_for_who_may_read_it(client, dapr, trail, exported, tmp_path):
    await trail.fill(3, tenant="platform")
    path = tmp_path / "platform.bundle"
    path.write_bytes(await exported("bundle", trail="platform"))
    with path.open("rb") as file:
        found = verify_trail.verify(file)
    assert (found["tenant"], found["entries"]) == ("platform", 3)
    assert (await client.get("/api/v1/audit/exports")).json()["items"] == [], "it is not of the tenant's own"
    (export,) = (await client.get("/api/v1/audit/exports?trail=platform")).json()["items"]
    assert (await client.get(f"/api/v1/audit/exports/{export['id']}")).status == 404
    headers = {"authorization": f"Bearer {dapr.token(scopes=('records.read',))}"}
    answers = [
        await client.post("/api/v1/audit/exports?trail=platform", json={"format": "csv"}, headers=headers),
        await client.get(f"/api/v1/audit/exports/{export['id']}/content?trail=platform", headers=headers),
    ]
    assert [answer.status for answer in answers] == [403, 403]


async def test_csv_and_json_lines_hold_what_the_filter_finds_in_the_chains_order(trail, exported):
    await trail.hand_in([an_entry(), an_entry(action="note.drop"), an_entry(detail="=1+1", code="note.odd")])
    rows = list(csv.DictReader(io.StringIO((await exported("csv", action="note.add")).decode())))
    assert [(row["index"], row["actor"], row["targets"]) for row in rows] == [
        ("0", "developer", "record:recA0000000000001"),
        ("2", "developer", "record:recA0000000000001"),
    ]
    assert rows[1]["detail"] == "'=1+1", "no spreadsheet may run it"
    lines = [json.loads(line) for line in (await exported("ndjson")).splitlines()]
    assert [(line["index"], line["entry"]["action"]) for line in lines] == [
        (0, "note.add"), (1, "note.drop"), (2, "note.add"),
    ]  # fmt: skip


async def test_a_long_export_is_made_in_parts_and_tells_how_far_it_is(client, trail, exported, monkeypatch):
    monkeypatch.setattr(service, "ROWS", 10)
    await trail.fill(35)
    assert len((await exported("ndjson")).splitlines()) == 35
    (status,) = (await client.get("/api/v1/audit/exports")).json()["items"]
    assert (status["total"], status["done"], status["parts"] >= 4) == (35, 35, True)


async def test_exports_that_do_not_exist_and_too_many_at_once_are_refused(client):
    unknown = await client.get("/api/v1/audit/exports/00000000-0000-0000-0000-000000000000")
    assert unknown.problem == ("audit.unknown-export", 404, "audit-service")
    answers = [await client.post("/api/v1/audit/exports", json={"format": "csv"}) for _ in range(6)]
    assert [answer.status for answer in answers] == [202] * 5 + [429]
    assert answers[-1].problem == ("audit.exports-full", 429, "audit-service")


async def test_the_offline_verifier_says_ok_to_a_bundle_as_it_was_written(client, bundle, tmp_path, capsys):
    key = (await client.get("/api/v1/audit/key")).json()["key"]
    places = str(tmp_path / "checkpoints" / "local")
    assert verify_trail.main([str(bundle), "--key", key, "--checkpoints", places]) == 0
    assert "OK: 41 entries of local (0 erased), 40 of them under 4 checkpoints" in capsys.readouterr().out


async def test_the_offline_verifier_takes_what_was_erased_and_told_of(app, trail, bundle, exported, capsys):
    await trail.as_owner("UPDATE append_only.chain SET received_at = now() - interval '40 days' WHERE index < 4")
    await trail.client.put("/api/v1/audit/retention", json={"days": 30})
    await app.state.chassis.container[Retaining].erase_all()
    bundle.write_bytes(await exported("bundle"))
    assert verify_trail.main([str(bundle)]) == 0
    assert "(4 erased)" in capsys.readouterr().out
    without = [line for line in bundle.read_bytes().splitlines(keepends=True) if b"tombstone" not in line]
    bundle.write_bytes(b"".join(without))
    assert verify_trail.main([str(bundle)]) == 1
    assert "BROKEN at index 0" in capsys.readouterr().out


async def test_the_offline_verifier_names_the_first_broken_index(bundle, capsys):
    lines = bundle.read_bytes().splitlines(keepends=True)
    lines[1 + 23] = lines[1 + 23].replace(b"succeeded", b"forgotten")
    bundle.write_bytes(b"".join(lines))
    assert verify_trail.main([str(bundle)]) == 1
    assert "BROKEN at index 23:" in capsys.readouterr().out


async def test_the_offline_verifier_finds_every_flipped_bit_of_entries_and_notes(bundle):
    whole = bundle.read_bytes()
    start = whole.index(b"\n") + 1
    dice = random.Random(6)
    for _ in range(300):
        changed = bytearray(whole)
        changed[dice.randrange(start, len(whole) - 1)] ^= 1 << dice.randrange(8)
        bundle.write_bytes(changed)
        assert verify_trail.main([str(bundle)]) != 0


async def test_another_key_than_the_trusted_one_is_refused(bundle, capsys):
    other = Ed25519PrivateKey.generate().public_key()
    from apps.audit_service.domain.notes import verifier_key

    assert verify_trail.main([str(bundle), "--key", verifier_key(other)]) == 1
    assert "cannot be believed" in capsys.readouterr().out


def test_what_is_no_bundle_cannot_be_read(tmp_path):
    (tmp_path / "x").write_text("nothing")
    assert verify_trail.main([str(tmp_path / "x")]) == 2


@given(message=some.binary(max_size=200), flip=some.integers(0, 511))
def test_its_signature_check_agrees_with_cryptography(message, flip):
    private = Ed25519PrivateKey.generate()
    key, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert verify_trail.signed(key, message, signature)
    wrong = bytearray(signature)
    wrong[flip // 8] ^= 1 << flip % 8
    assert not verify_trail.signed(key, message, bytes(wrong))
    assert not verify_trail.signed(key, message + b"x", signature)
