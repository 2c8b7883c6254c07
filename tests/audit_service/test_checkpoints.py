"""Signed checkpoints, proofs from them, and the place they are exported to."""

import base64
import re
from hashlib import sha256

import pytest

from apps.audit_service.app import create
from apps.audit_service.service import Checkpoints
from chassis.testing import AppClient
from tests.audit_service.trail import an_entry


def root_of(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1, as it is written there."""
    if len(leaves) == 1:
        return leaves[0]
    middle = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1" + root_of(leaves[:middle]) + root_of(leaves[middle:])).digest()


def root_in(note: str) -> bytes:
    return base64.b64decode(note.splitlines()[2])


@pytest.fixture
def checkpoints(app) -> Checkpoints:
    return app.state.chassis.container[Checkpoints]


async def listed(client) -> list[dict]:
    return (await client.get("/api/v1/audit/checkpoints")).json()["items"]


@pytest.mark.parametrize("counts", [[1], [2, 1], [5, 3, 9], [300, 213]])
async def test_a_checkpoint_is_the_signed_root_over_all_leaves(client, trail, checkpoints, counts):
    for count in counts:
        await trail.fill(count)
        await checkpoints.sign_all()
    leaves = [bytes(row[0]) for row in await trail.as_app("SELECT leaf FROM append_only.chain ORDER BY index")]
    kept = await listed(client)
    assert [each["size"] for each in kept] == [sum(counts[: n + 1]) for n in range(len(counts))]
    for each in kept:
        assert root_in(each["note"]) == root_of(leaves[: each["size"]])


async def test_nothing_new_is_no_new_checkpoint(client, trail, checkpoints):
    await trail.fill(3)
    for _ in range(2):
        await checkpoints.sign_all()
    assert len(await listed(client)) == 1


async def test_an_inclusion_proof_leads_from_the_entrys_bytes_to_the_signed_root(client, trail, checkpoints):
    lines = [an_entry() for _ in range(150)]
    receipts = [*(await trail.fill(300)), *(await trail.hand_in(lines)).json()["receipts"]]
    await checkpoints.sign_all()
    for receipt, line in [(receipts[300], lines[0]), (receipts[449], lines[149]), (receipts[377], lines[77])]:
        proof = (await client.get(f"/api/v1/audit/entries/{receipt['id']}/proof")).json()
        digest = sha256(b"\0" + line).digest()
        assert proof["leaf"] == digest.hex()
        index, last = proof["index"], 449  # RFC 9162 §2.1.3.2
        for step in map(bytes.fromhex, proof["proof"]):
            if index & 1 or index == last:
                digest = sha256(b"\1" + step + digest).digest()
                while not index & 1 and index:
                    index, last = index >> 1, last >> 1
            else:
                digest = sha256(b"\1" + digest + step).digest()
            index, last = index >> 1, last >> 1
        assert last == 0
        assert digest == root_in(proof["checkpoint"])


async def test_a_consistency_proof_leads_from_the_old_root_to_the_new(client, trail, checkpoints):
    for count in (300, 213):
        await trail.fill(count)
        await checkpoints.sign_all()
    proof = (await client.get("/api/v1/audit/consistency?first=300&second=513")).json()
    steps = [bytes.fromhex(step) for step in proof["proof"]]
    first, last = 299, 512  # RFC 9162 §2.1.4.2
    while first & 1:
        first, last = first >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        assert last
        if first & 1 or first == last:
            old, new = sha256(b"\1" + step + old).digest(), sha256(b"\1" + step + new).digest()
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            new = sha256(b"\1" + new + step).digest()
        first, last = first >> 1, last >> 1
    assert (old, new, last) == (root_in(proof["first"]), root_in(proof["second"]), 0)


async def test_an_entry_that_no_checkpoint_covers_yet_has_no_proof(client, trail):
    (receipt,) = await trail.fill(1)
    answer = await client.get(f"/api/v1/audit/entries/{receipt['id']}/proof")
    assert answer.problem == ("audit.unknown-checkpoint", 404, "audit-service")


async def test_checkpoints_are_put_where_the_database_does_not_reach_and_never_over_another(
    client, trail, checkpoints, tmp_path
):
    await trail.fill(3)
    await checkpoints.sign_all()
    (path,) = (tmp_path / "checkpoints" / "local").iterdir()
    assert path.read_text() == (await listed(client))[0]["note"]
    path.write_text("another")
    await trail.as_owner("DELETE FROM append_only.exported")
    await checkpoints.sign_all()
    assert path.read_text() == "another"


async def test_a_trail_that_was_cut_behind_its_checkpoint_is_not_signed_again(client, trail, checkpoints):
    await trail.fill(5)
    await checkpoints.sign_all()
    for table, column in (("chain", "index"), ("entries", "index"), ("checkpoints", "size"), ("exported", "size")):
        await trail.as_owner(f"DELETE FROM append_only.{table} WHERE {column} >= 3")
    await checkpoints.sign_all()
    assert await listed(client) == []


async def cut(trail, length: int) -> None:
    """As the restore of an older backup does: what came later was never there."""
    for table, column in (("chain", "index"), ("entries", "index")):
        await trail.as_owner(f"DELETE FROM append_only.{table} WHERE {column} >= {length}")
    for table in ("checkpoints", "exported"):
        await trail.as_owner(f"DELETE FROM append_only.{table} WHERE size > {length}")


async def test_a_restored_trail_is_not_signed_over_what_was_exported_also_when_it_has_grown_past_it(
    client, trail, checkpoints, tmp_path
):
    for count in (3, 300):
        await trail.fill(count)
        await checkpoints.sign_all()
    before = {path.name: path.read_text() for path in (tmp_path / "checkpoints" / "local").iterdir()}
    await cut(trail, 3)
    for count in (5, 400):  # shorter than what was exported, then longer
        await trail.fill(count)
        await checkpoints.sign_all()
        assert [each["size"] for each in await listed(client)] == [3]
        verdict = (await client.get("/api/v1/audit/verify")).json()
        assert "exported" in {each["kind"] for each in verdict["breaks"]}
        assert "chain" not in {each["kind"] for each in verdict["breaks"]}
    assert {path.name: path.read_text() for path in (tmp_path / "checkpoints" / "local").iterdir()} == before


async def test_a_restored_trail_is_signed_on_in_a_new_second_place(
    trail, checkpoints, settings, dapr, client, tmp_path
):
    for count in (3, 5):
        await trail.fill(count)
        await checkpoints.sign_all()
    await cut(trail, 3)
    await trail.fill(9)
    moved = create(settings.model_copy(update={"checkpoints": str(tmp_path / "after")}))
    async with AppClient(moved, dapr.headers()).running() as service:
        await moved.state.chassis.container[Checkpoints].sign_all()
        verdict = (await service.get("/api/v1/audit/verify")).json()
        assert (verdict["ok"], verdict["size"], verdict["checkpoints"], verdict["exported"]) == (True, 12, 2, 2)
    assert sorted(path.name for path in (tmp_path / "after" / "local").iterdir()) == [f"{3:020}.txt", f"{12:020}.txt"]
    assert "exported" in {each["kind"] for each in (await client.get("/api/v1/audit/verify")).json()["breaks"]}


async def test_the_key_is_told_in_one_line(client):
    assert re.fullmatch(r"audit-service\+[0-9a-f]{8}\+\S{44}", (await client.get("/api/v1/audit/key")).json()["key"])
