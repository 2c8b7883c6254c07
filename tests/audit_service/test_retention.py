"""The bytes of old entries go, what proves them stays."""

from apps.audit_service.service import Checkpoints, Retaining
from tests.audit_service.trail import an_entry

AGE = "UPDATE append_only.chain SET received_at = now() - interval '40 days' WHERE index < $1"


async def erase(app, trail, *, old, days=30):
    await app.state.chassis.container[Checkpoints].sign_all()
    await trail.as_owner(AGE, old)
    await trail.client.put("/api/v1/audit/retention", json={"days": days})
    await app.state.chassis.container[Retaining].erase_all()


async def test_bytes_past_their_retention_are_erased_and_the_trail_still_verifies(app, client, trail):
    receipts = await trail.fill(10)
    await erase(app, trail, old=4)
    assert (await trail.as_app("SELECT min(index), count(*) FROM append_only.entries"))[0] == (4, 6)
    verdict = (await client.get("/api/v1/audit/verify")).json()
    assert (verdict["ok"], verdict["erased"], verdict["entries"]) == (True, 4, 10)
    erased = (await client.get(f"/api/v1/audit/entries/{receipts[0]['id']}")).json()
    assert (erased["hash"], erased["entry"]) == (receipts[0]["hash"], None)
    assert (await client.get(f"/api/v1/audit/entries/{receipts[0]['id']}/proof")).status == 200


async def test_an_erased_entry_that_comes_again_gets_its_receipt_and_stays_erased(app, trail):
    line = an_entry()
    (receipt,) = (await trail.hand_in([line])).json()["receipts"]
    await erase(app, trail, old=1)
    assert (await trail.hand_in([line])).json()["receipts"] == [receipt]
    assert (await trail.as_app("SELECT count(*) FROM append_only.entries"))[0][0] == 0


async def test_without_a_retention_nothing_is_erased(app, client, trail):
    await trail.fill(3)
    await erase(app, trail, old=3, days=None)
    assert (await client.get("/api/v1/audit/retention")).json() == {"days": None}
    assert (await trail.as_app("SELECT count(*) FROM append_only.entries"))[0][0] == 3


async def test_less_than_30_days_are_refused(client):
    answer = await client.put("/api/v1/audit/retention", json={"days": 29})
    assert answer.problem == ("request.invalid", 422, "audit-service")


async def test_a_tombstone_that_was_not_signed_hides_nothing(app, client, trail):
    await trail.fill(3)
    await app.state.chassis.container[Checkpoints].sign_all()
    await trail.as_owner("DELETE FROM append_only.entries WHERE index = 1")
    await trail.as_owner("INSERT INTO append_only.tombstones (tenant, first, last, note) VALUES ('local', 1, 1, 'x')")
    verdict = (await client.get("/api/v1/audit/verify")).json()
    assert {each["kind"] for each in verdict["breaks"]} == {"tombstone", "missing"}
