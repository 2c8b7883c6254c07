"""Looking into the trail."""

import pytest

from apps.audit_service.service import Reading
from chassis import Principal
from contracts.audit_service import EntriesQuery
from tests.audit_service.trail import an_entry

REQUEST, TRACE = "req-7", "1" * 32
MARKED = {
    "action": "record.update",
    "outcome": "denied",
    "actor": {"type": "agent", "id": "helper", "acting_for": "alice"},
    "targets": [{"type": "record", "id": "recB0000000000002"}, {"type": "table", "id": "tbl1"}],
    "request_id": REQUEST,
    "trace_id": TRACE,
    "occurred_at": "2026-11-24T08:00:00.000000Z",
    "detail": "The cells of a locked invoice",
    "context": {"method": "PATCH", "route": "/api/v1/notes", "address": "2001:DB8::7"},
}


@pytest.mark.parametrize(
    "params",
    [
        {"action": "record.update"},
        {"action": "record.*"},
        {"outcome": "denied"},
        {"actor": "helper"},
        {"actor": "alice"},
        {"target": "record:recB0000000000002"},
        {"target": "table:tbl1"},
        {"request_id": REQUEST},
        {"trace_id": TRACE},
        {"until": "2026-11-25T00:00:00Z"},
        {"since": "2026-11-24T00:00:00Z", "until": "2026-11-24T12:00:00Z"},
        {"address": "2001:db8:0::7"},
        {"address": "2001:db8::/32"},
        {"text": "locked invoice"},
        {"text": "invoice or nothing", "outcome": "denied"},
    ],
)
async def test_every_filter_finds_what_it_says_and_nothing_else(client, trail, params):
    await trail.hand_in([an_entry(), an_entry(**MARKED), an_entry()])
    found = (await client.get("/api/v1/audit/entries", params=params)).json()["items"]
    assert [(each["index"], each["entry"]["request_id"]) for each in found] == [(1, REQUEST)]


@pytest.mark.parametrize(
    ("told", "found"),
    [("::ffff:192.0.2.7", "192.0.2.7"), ("fe80::1%eth0", "fe80::1"), ("unix", None), (None, None)],
)
async def test_an_address_is_kept_in_one_spelling_and_what_is_none_is_left_out(client, trail, told, found):
    context = {"method": "POST", "route": "/api/v1/notes", **({"address": told} if told else {})}
    assert (await trail.hand_in([an_entry(context=context)])).status == 200
    assert [
        row["address"] for row in await trail.as_app("SELECT host(address) AS address FROM append_only.entries")
    ] == [found]
    assert (await client.get("/api/v1/audit/verify")).json()["ok"]


async def test_what_does_not_fit_its_schema_can_be_listed(client, trail):
    await client.put("/api/v1/audit/schemas/note.add", json={"json_schema": {"required": ["colour"]}})
    await trail.hand_in([an_entry(), an_entry(metadata={"colour": "red"})])
    flawed = (await client.get("/api/v1/audit/entries?flawed=true")).json()["items"]
    assert [(each["index"], each["schema_version"]) for each in flawed] == [(0, 1)]
    assert flawed[0]["flaws"] == ['metadata: "colour" is a required property']


async def test_pages_follow_each_other_newest_first_while_entries_come_in(client, trail):
    await trail.fill(5)
    seen, cursor = [], ""
    while True:
        page = (await client.get(f"/api/v1/audit/entries?page_size=2{cursor}")).json()
        seen += [each["index"] for each in page["items"]]
        await trail.fill(1)
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == [4, 3, 2, 1, 0]


async def test_an_entry_is_found_by_its_id_with_its_place_in_the_chain(client, trail):
    (receipt,) = await trail.fill(1)
    entry = (await client.get(f"/api/v1/audit/entries/{receipt['id']}")).json()
    assert (entry["index"], entry["hash"], entry["entry"]["action"]) == (0, receipt["hash"], "note.add")
    missing = await client.get("/api/v1/audit/entries/00000000-0000-0000-0000-000000000000")
    assert missing.problem == ("audit.unknown-entry", 404, "audit-service")


async def test_an_unknown_filter_is_refused(client):
    answer = await client.get("/api/v1/audit/entries?actr=alice")
    assert answer.problem == ("request.invalid", 422, "audit-service")


async def test_who_read_or_changed_a_record_is_told_by_actor_and_action(client, trail):
    read = {"action": "record.read", "actor": {"type": "user", "id": "bob"}}
    await trail.hand_in([an_entry(**read), an_entry(**read), an_entry(**MARKED | {"targets": []}), an_entry()])
    report = (await client.get("/api/v1/audit/access?target=record:recA0000000000001")).json()
    told = {(each["actor"], each["action"], each["times"]) for each in report["items"]}
    assert told == {("bob", "record.read", 2), ("developer", "note.add", 1)}


async def test_a_tenant_sees_only_its_own_entries(app, trail):
    (receipt,) = await trail.fill(1)
    await trail.fill(1, tenant="other")
    other = Principal("somebody", "other")
    reading = app.state.chassis.container[Reading]
    found = (await reading.page(EntriesQuery(), other)).items
    assert [each.entry["tenant"] for each in found if each.entry] == ["other"]
    assert receipt["id"] not in {str(each.id) for each in found}


async def test_the_platforms_own_trail_is_read_with_its_scope_and_with_no_less(client, dapr, trail):
    (receipt,) = await trail.fill(1, tenant="platform", actor={"type": "anonymous", "id": "anonymous"})
    paths = [
        f"/api/v1/audit/{path}"
        for path in ("entries", f"entries/{receipt['id']}", "verify", "checkpoints", "reconciliation")
    ]
    paths.append("/api/v1/audit/access?target=record:x")
    for path in paths:
        asked = f"{path}{'&' if '?' in path else '?'}trail=platform"
        for scopes, status in ((("audit.platform",), 200), (("*",), 200), (("records.read",), 403)):
            headers = {"authorization": f"Bearer {dapr.token(scopes=scopes)}"}
            answer = await client.get(asked, headers=headers)
            assert answer.status == status, (asked, scopes, answer.body)
    assert answer.problem == ("audit.not-yours", 403, "audit-service")
    assert (await client.get("/api/v1/audit/entries")).json()["items"] == []
    assert len((await client.get("/api/v1/audit/entries?trail=platform")).json()["items"]) == 1
