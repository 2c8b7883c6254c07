"""A projection follows the log, and made again from it is the same to the byte."""

import pytest
from sqlalchemy import text

from apps.event_processor.domain import projections
from chassis import Database, Principal
from tests.chassis.events.waiting import until
from tests.event_processor.arriving import CREATED, UPDATED, cells

PROJECTIONS = "/api/v1/events/projections"
SUMS = {
    "events": {"category": "airtable-connector"},
    "key": "/data/record",
    "columns": {
        "changes": {"op": "count"},
        "priced": {"op": "count", "of": "/data/values/Price"},
        "total": {"op": "sum", "of": "/data/values/Price"},
        "least": {"op": "min", "of": "/data/values/Price"},
        "most": {"op": "max", "of": "/data/values/Price"},
        "first-name": {"op": "first", "of": "/data/values/Na~1me"},
        "name": {"op": "latest", "of": "/data/values/Na~1me"},
    },
}


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch):
    monkeypatch.setattr("apps.event_processor.service.projections.BATCH", 3)


async def define(client, name="sums", definition=SUMS):
    answer = await client.put(f"{PROJECTIONS}/{name}", json=definition)
    assert answer.status == 200, answer.body
    return answer.json()


async def caught_up(client, name="sums"):
    async def no_lag():
        told = (await client.get(f"{PROJECTIONS}/{name}")).json()
        return told if told["lag"] == 0 else None

    return await until(no_lag)


async def rows(client, name="sums"):
    items = (await client.get(f"{PROJECTIONS}/{name}/rows")).json()["items"]
    return {row["key"]: row["columns"] for row in items}


async def some_events(arriving, count=8):
    for n in range(count):
        data = {**cells(Price=n * 1.5 if n % 2 else n, **{"Na/me": f"name {n}"}), "record": f"rec{n % 3}"}
        await arriving.comes(UPDATED if n % 4 else CREATED, subject=f"appA/rec{n % 3}", data=data)


async def test_it_counts_sums_and_remembers_for_each_key(client, arriving):
    await arriving.comes(data={**cells(Price=2, **{"Na/me": "a"}), "record": "rec1"})
    await arriving.comes(data={**cells(Price=5), "record": "rec1"})
    await arriving.comes(data={**cells(Price="free", **{"Na/me": "b"}), "record": "rec1"})
    await arriving.comes(data={**cells(), "record": "rec2"})
    await arriving.failure("nothing")
    await define(client)
    await caught_up(client)
    assert await rows(client) == {
        "rec1": {"changes": 3, "priced": 3, "total": 7, "least": 2, "most": 5, "first-name": "a", "name": "b"},
        "rec2": {"changes": 1},
    }


async def test_it_follows_the_log_and_can_be_paused(client, arriving):
    await define(client)
    await some_events(arriving)
    assert (await caught_up(client))["position"] == 8
    paused = (await client.post(f"{PROJECTIONS}/sums/pause")).json()
    assert paused["state"] == "paused"
    await some_events(arriving, 4)
    assert (await client.get(f"{PROJECTIONS}/sums")).json()["lag"] == 4
    await client.post(f"{PROJECTIONS}/sums/resume")
    told = await caught_up(client)
    assert (told["position"], told["keys"], told["state"]) == (12, 3, "running")


async def test_rebuilding_every_projection_from_the_log_gives_byte_equal_state(client, app, arriving):
    others = {
        "by-type": {"key": "/type", "columns": {"events": {"op": "count"}, "last": {"op": "latest", "of": "/time"}}},
        "by-stream": {"events": {"type": [UPDATED]}, "columns": {"data": {"op": "latest", "of": "/data"}}},
    }
    for name, definition in {"sums": SUMS, **others}.items():
        await define(client, name, definition)
    await some_events(arriving, 20)
    names = [each["name"] for each in (await client.get(PROJECTIONS)).json()["items"]]
    assert names == ["by-stream", "by-type", "sums"]
    for name in names:
        await caught_up(client, name)
        live = await stored_bytes(app, name)
        check = (await client.post(f"{PROJECTIONS}/{name}/check")).json()
        assert (check["equal"], check["position"], check["keys"]) == (True, 20, len(live))
        await client.post(f"{PROJECTIONS}/{name}/rebuild")
        await caught_up(client, name)
        assert await stored_bytes(app, name) == live != []


async def test_a_row_that_the_log_does_not_bear_out_is_noticed(client, app, arriving):
    await define(client)
    await some_events(arriving)
    await caught_up(client)
    async with app.state.chassis.container[Database].change(Principal("test", "local")) as change:
        await change.execute(text("UPDATE projection_rows SET row = '{}' WHERE key = 'rec1'"))
    check = (await client.post(f"{PROJECTIONS}/sums/check")).json()
    assert check["equal"] is False
    assert check["live"] != check["rebuilt"]


async def stored_bytes(app, name):
    async with app.state.chassis.container[Database].read(Principal("test", "local")) as read:
        found = await read.execute(
            text("SELECT key, row FROM projection_rows WHERE name = :n ORDER BY key"), {"n": name}
        )
        return [(row.key, row.row) for row in found]


async def test_the_same_definition_changes_nothing_and_another_one_begins_anew(client, arriving):
    await some_events(arriving)
    await define(client)
    await caught_up(client)
    assert (await define(client))["position"] == 8
    await define(client, definition={"columns": {"n": {"op": "count"}}})
    await caught_up(client)
    assert await rows(client) == {f"airtable-connector/appA/rec{n}": {"n": 3 - (n == 2)} for n in range(3)}


async def test_a_projection_sees_only_events_of_its_tenant(client, arriving, acting_as):
    await arriving.comes(tenantid="acme")
    await define(client)
    await caught_up(client)
    assert await rows(client) == {}
    stranger = acting_as(Principal("ann", "acme"))
    assert (await stranger.get(f"{PROJECTIONS}/sums")).problem == ("events.unknown-projection", 404, "event-processor")
    assert (await client.delete(f"{PROJECTIONS}/sums")).status == 204
    assert (await client.get(PROJECTIONS)).json()["items"] == []


async def test_a_tenant_has_as_many_projections_as_the_limit_says(client, monkeypatch):
    monkeypatch.setattr("apps.event_processor.service.projections.PROJECTIONS", 1)
    await define(client)
    answer = await client.put(f"{PROJECTIONS}/other", json=SUMS)
    assert answer.problem == ("events.too-many-projections", 409, "event-processor")


async def test_a_projection_that_would_have_too_many_keys_fails_and_says_so(client, arriving, monkeypatch):
    monkeypatch.setattr("apps.event_processor.service.projections.KEYS", 2)
    await define(client)
    await some_events(arriving)

    async def failed():
        told = (await client.get(f"{PROJECTIONS}/sums")).json()
        return told if told["state"] == "failed" else None

    assert (await until(failed))["problem"] == "it would have more than 2 keys"


@pytest.mark.parametrize("wrong", [{"key": "no-pointer"}, {"columns": {}}, {"columns": {"a": {"op": "median"}}}])
async def test_what_is_no_definition_is_refused(client, wrong):
    answer = await client.put(f"{PROJECTIONS}/sums", json={**SUMS, **wrong})
    assert answer.problem == ("request.invalid", 422, "event-processor")


async def test_one_that_meets_a_bug_stands_still_and_the_others_go_on(client, arriving, monkeypatch):
    def broken(definition, rows, documents):
        if "broken" in definition.columns:
            raise ZeroDivisionError
        projections.fold(definition, rows, documents)

    monkeypatch.setattr("apps.event_processor.service.projections.fold", broken)
    await define(client, "a-broken", {"columns": {"broken": {"op": "count"}}})
    await define(client)
    await arriving.comes()
    await caught_up(client)
    assert await rows(client) != {}

    async def failed():
        told = (await client.get(f"{PROJECTIONS}/a-broken")).json()
        return told if told["state"] == "failed" else None

    assert (await until(failed))["problem"] == "a bug of the platform: ZeroDivisionError"
