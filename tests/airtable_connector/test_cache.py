"""When an answer comes from the cache, and when it must not."""

import asyncio
import gzip
import re
import time
from dataclasses import replace
from typing import Any

import pytest

from apps.airtable_connector.app import create
from apps.airtable_connector.settings import Settings
from apps.airtable_connector.store import CacheAway, ReadCache
from chassis.testing import AppClient, FakeDapr
from sandbox.airtable.embedded import Running
from tests.airtable_connector.conftest import FAST, TOKEN
from tests.airtable_connector.place import Place


async def how(client: AppClient, path: str, **request: Any) -> str:
    answer = await client.get(path, **request)
    assert answer.status == 200, answer.body
    return answer.headers["x-platform-cache"]


async def test_the_second_read_is_a_hit_and_the_same_bytes(client: AppClient, place: Place) -> None:
    path = f"{place.records}?page_size=5"
    first, second = await client.get(path), await client.get(path)
    assert (first.headers["x-platform-cache"], second.headers["x-platform-cache"]) == ("miss", "hit")
    assert first.body == second.body
    assert len(place.asked()) == 1


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.5", "GZIP", "*"])
async def test_a_client_that_takes_gzip_gets_the_same_answer_in_fewer_bytes(
    client: AppClient, place: Place, accepted: str
) -> None:
    plain = await client.get(place.records)
    packed = await client.get(place.records, headers={"accept-encoding": accepted})
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) < len(plain.body) / 2
    assert packed.headers["vary"] == plain.headers["vary"] == "accept-encoding"


@pytest.mark.parametrize("accepted", ["", "br", "identity", "gzip;q=0", "gzip; q=0.0"])
async def test_who_takes_no_gzip_gets_none(client: AppClient, place: Place, accepted: str) -> None:
    answer = await client.get(place.records, headers={"accept-encoding": accepted})
    assert "content-encoding" not in answer.headers
    assert answer.json()["items"]


async def test_a_header_says_why_an_answer_was_hit_missed_or_passed_by(
    client: AppClient, dapr: FakeDapr, place: Place, app: Any
) -> None:
    async def why(path: str, **request: Any) -> str:
        who, _, told = (await client.get(path, **request)).headers["cache-status"].partition("; ")
        assert who == "airtable-connector"
        return re.sub(r"ttl=(\d|[12]\d)\b", "ttl=fresh", told)

    path = f"{place.v0}?pageSize=10"
    offset = (await client.get(path)).json()["offset"]
    one = f"{place.records}/{next(iter(place.table.records))}"
    assert await why(one) == "fwd=uri-miss; stored"
    assert await why(one) == "hit; ttl=fresh"
    assert await why(one, headers={"cache-control": "no-cache"}) == "fwd=request"
    assert await why(path, params={"offset": offset}) == "fwd=bypass; detail=later-page"
    near = app.state.chassis.container[ReadCache]._near._entries
    for key, entry in near.items():
        near[key] = replace(entry, fresh_until=time.time() - 7)
    place.sandbox.faults.add({"kind": "status", "method": "GET", "path": ".*", "status": 503})
    assert re.fullmatch(r'hit; ttl=-\d+; detail="airtable.unavailable"', await why(one))
    place.sandbox.faults.clear()
    assert await why(one) == "fwd=stale; stored"
    dapr.state.available = False
    await client.patch(one, json={"fields": {"City": "Changed"}})  # its lease is over
    assert await why(one) == "fwd=bypass; detail=state-store-away"


async def test_the_same_question_spelled_otherwise_is_a_hit(client: AppClient, place: Place) -> None:
    assert await how(client, f"{place.v0}?fields[]=Name&fields[]=City&maxRecords=5") == "miss"
    assert await how(client, f"{place.v0}/?maxRecords=5&fields%5B0%5D=Name&fields%5B1%5D=City&offset=") == "hit"


async def test_single_records_and_metadata_are_kept_too(client: AppClient, place: Place) -> None:
    for path in (
        f"{place.records}/{next(iter(place.table.records))}",
        place.tables,
        "/api/v1/bases",
        "/v0/meta/whoami",
    ):
        assert [await how(client, path), await how(client, path)] == ["miss", "hit"]


async def test_a_list_asked_by_post_is_kept_too(client: AppClient, place: Place) -> None:
    seen = [
        (await client.post(f"{place.v0}/listRecords", body=body)).headers["x-platform-cache"]
        for body in (b'{"pageSize": 5, "fields": ["Name"]}', b'{"fields":["Name"],"pageSize":5}', b'{"pageSize": 6}')
    ]
    assert seen == ["miss", "hit", "miss"]


async def test_what_another_tenant_read_is_not_served(client: AppClient, dapr: FakeDapr, place: Place) -> None:
    dapr.secrets["airtable/other/default"] = dapr.secrets["airtable/local/default"]
    other = {"authorization": f"Bearer {dapr.token(user='eve', tenant='other')}"}
    assert await how(client, place.records) == "miss"
    assert await how(client, place.records, headers=other) == "miss"
    assert await how(client, place.records) == "hit"


@pytest.mark.parametrize("asked", ["no-cache", "no-store", "max-age=0, no-cache"])
async def test_a_client_that_wants_airtables_word_of_now_gets_it(client: AppClient, place: Place, asked: str) -> None:
    await client.get(place.records)
    assert await how(client, place.records, headers={"cache-control": asked}) == "bypass"
    assert len(place.asked()) == 2


async def test_a_client_that_has_the_answer_gets_304_from_the_cache_and_from_a_fresh_read(
    client: AppClient, place: Place
) -> None:
    path = f"{place.records}/{next(iter(place.table.records))}"
    etag = (await client.get(path)).headers["etag"]
    assert etag.startswith('W/"')
    for headers in (
        {"if-none-match": etag},
        {"if-none-match": f'"other", {etag.removeprefix("W/")}'},
        {"if-none-match": etag, "cache-control": "no-cache"},
    ):
        answer = await client.get(path, headers=headers)
        assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", etag)
    assert (await client.get(path, headers={"if-none-match": 'W/"other"'})).status == 200


async def test_a_write_is_seen_by_the_next_read_in_every_table_of_its_base(client: AppClient, place: Place) -> None:
    contacts = next(table for table in place.base.tables.values() if table.name == "Contacts")
    linked = f"{place.tables}/Contacts/records"
    by_name = f"{place.tables}/Companies/records"
    for path in (place.records, by_name, linked):
        assert [await how(client, path), await how(client, path)] == ["miss", "hit"]
    person = next(iter(contacts.records))
    company = list(place.table.records)[-1]
    await client.patch(f"{place.records}/{company}", json={"fields": {"Contacts": [person]}})
    for path in (place.records, by_name):
        assert await how(client, path) == "miss"
    read = (await client.get(f"{linked}/{person}")).json()
    assert company in read["fields"]["Company"]


async def test_a_write_of_cells_leaves_the_schema_cached_unless_airtable_may_add_a_choice(
    client: AppClient, place: Place
) -> None:
    await client.get(place.tables)
    new = {"records": [{"fields": {"Name": "New", "Industry": "Retail"}}]}
    assert (await client.post(place.records, json=new)).status == 201
    assert await how(client, place.tables) == "hit"
    new["records"][0]["fields"]["Industry"] = "Mining"
    assert (await client.post(place.records, json={**new, "typecast": True})).status == 201
    answer = await client.get(place.tables)
    assert answer.headers["x-platform-cache"] == "miss"
    assert "Mining" in answer.body.decode()


async def test_a_change_of_the_schema_is_seen_by_the_next_read_of_it_and_of_records(
    client: AppClient, place: Place
) -> None:
    for path in (place.tables, place.records):
        await client.get(path)
    new = {"name": "Notes", "type": "singleLineText"}
    made = await client.post(f"{place.tables}/{place.table.id}/fields", json=new)
    assert made.status == 201, made.body
    assert [await how(client, path) for path in (place.tables, place.records)] == ["miss", "miss"]


async def test_a_refused_write_changes_nothing_and_leaves_the_cache_alone(client: AppClient, place: Place) -> None:
    await client.get(place.records)
    refused = await client.post(place.records, json={"records": [{"fields": {"Nope": 1}}]})
    assert refused.status == 422
    assert await how(client, place.records) == "hit"


async def test_pages_after_the_first_are_never_kept(client: AppClient, place: Place) -> None:
    offset = (await client.get(f"{place.v0}?pageSize=10")).json()["offset"]
    for _ in range(2):
        assert await how(client, f"{place.v0}?pageSize=10", params={"offset": offset}) == "bypass"
    posted = await client.post(f"{place.v0}/listRecords", json={"pageSize": 10, "offset": offset})
    assert posted.headers["x-platform-cache"] == "bypass"


async def test_who_starts_again_after_an_expired_iterator_gets_a_new_one(client: AppClient, place: Place) -> None:
    first = (await client.get(f"{place.records}?page_size=10")).json()
    place.sandbox.iterators.expire_all()
    expired = await client.get(f"{place.records}?page_size=10&cursor={first['next']}")
    assert expired.problem == ("airtable.cursor-expired", 422, "airtable-connector")
    again = (await client.get(f"{place.records}?page_size=10")).json()
    assert again["next"] != first["next"]
    assert (await client.get(f"{place.records}?page_size=10&cursor={again['next']}")).status == 200


async def test_equal_reads_at_the_same_time_are_one_request(client: AppClient, place: Place) -> None:
    answers = await asyncio.gather(*(client.get(place.records) for _ in range(20)))
    assert {answer.status for answer in answers} == {200}
    assert len(place.asked()) == 1


async def test_an_answer_outlives_the_process_that_read_it(client: AppClient, place: Place, app: Any) -> None:
    await client.get(place.records)
    app.state.chassis.container[ReadCache]._near._entries.clear()
    assert await how(client, place.records) == "hit"


async def test_without_the_state_store_reads_and_writes_go_on_and_say_so(
    client: AppClient, dapr: FakeDapr, place: Place
) -> None:
    dapr.state.available = False
    answer = await client.get(place.records)
    assert (answer.status, answer.headers["x-platform-cache"]) == (200, "bypass")
    assert answer.headers["x-platform-degraded"] == "state"
    made = await client.post(place.records, json={"records": [{"fields": {"Name": "While away"}}]})
    assert made.status == 201


async def test_what_counts_is_asked_for_once_in_a_moment_and_anew_after_a_write(
    client: AppClient, dapr: FakeDapr, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store is emptied behind the app's back: only who asks it notices."""
    monkeypatch.setattr(
        "apps.airtable_connector.store.cache.LEASE", 1.0
    )  # a moment that three requests fit into on any machine
    one = f"{place.records}/{next(iter(place.table.records))}"
    await client.get(one)
    dapr.state._items.clear()
    assert [await how(client, one) for _ in range(3)] == ["hit"] * 3
    await client.patch(one, json={"fields": {"City": "Changed"}})
    assert await how(client, one) == "miss"


async def test_a_write_is_answered_only_when_no_process_can_still_use_what_counted_before(
    client: AppClient, dapr: FakeDapr, place: Place, sandbox: Running
) -> None:
    dapr.secrets["airtable/local/default"] = TOKEN
    replica = create(Settings(airtable_url=sandbox.url, **FAST, **dapr.settings()))  # type: ignore[arg-type]
    one = f"{place.records}/{next(iter(place.table.records))}"
    async with AppClient(replica, dapr.headers()).running() as other:
        for city in ("Graz", "Lyon", "Porto"):
            await other.get(one)
            assert await how(other, one) == "hit"
            await client.patch(one, json={"fields": {"City": city}})
            assert (await other.get(one)).json()["fields"]["City"] == city


async def test_a_state_store_that_failed_is_not_even_asked_for_a_while(
    client: AppClient, dapr: FakeDapr, place: Place, app: Any
) -> None:
    cache = app.state.chassis.container[ReadCache]
    dapr.state.available = False
    await client.get(place.records)
    dapr.state.available = True
    for _ in range(3):
        with pytest.raises(CacheAway):
            await cache.versions(place.base.id)
    cache._away_until = 0.0  # as if its pause were over
    assert await cache.versions(place.base.id)


async def test_a_write_made_while_the_store_was_away_is_seen_when_it_is_back(
    client: AppClient, dapr: FakeDapr, place: Place, app: Any
) -> None:
    cache = app.state.chassis.container[ReadCache]
    one = f"{place.records}/{next(iter(place.table.records))}"
    await client.get(one)
    dapr.state.available = False
    await client.patch(one, json={"fields": {"City": "Changed"}})
    dapr.state.available = True
    cache._away_until = 0.0  # as if its pause were over
    assert (await client.get(one)).json()["fields"]["City"] == "Changed"
    assert await how(client, one) == "hit"
