"""What a change, ours or one that is told, leaves in the cache, and what it takes out of it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest
import pytest_asyncio

from apps.airtable_connector.app import create
from apps.airtable_connector.service import Reads, changes, pages
from apps.airtable_connector.settings import Settings
from apps.airtable_connector.store import ReadCache
from chassis.testing import AppClient, FakeDapr
from contracts.webhook_service import BaseChanged, ChangedTable
from sandbox.airtable.embedded import Running
from sandbox.airtable.outside import edit
from tests.airtable_connector.conftest import FAST, TOKEN
from tests.airtable_connector.place import Place
from tests.airtable_connector.test_cache import how

LEADS = "Lead import"  # a table without links


class Leads:
    """The table without links, its records, and people who edit it in Airtable itself."""

    def __init__(self, place: Place, dapr: FakeDapr) -> None:
        self._place, self._dapr = place, dapr
        self.table = next(one for one in place.base.tables.values() if one.name == LEADS)
        self.path = f"{place.tables}/{self.table.id}/records"
        self.first = next(iter(self.table.records))
        self.second = self.edit(create=[{"Name": "Second"}])["created"][0]
        self.name = next(iter(self.table.fields))

    def edit(self, **what: Any) -> dict[str, list[str]]:
        return edit({"base": self._place.base.id, "table": LEADS, **what}, self._place.sandbox.bases, self._author())

    def _author(self) -> Any:
        return self._place.sandbox.author()

    async def tell(self, *, again_within: float = 60, number: int = 1, **what: Any) -> None:
        event = BaseChanged(base=self._place.base.id, again_within=again_within, **what)
        envelope = {
            "specversion": "1.0",
            "id": str(uuid4()),
            "source": "webhook-service",
            "type": BaseChanged.TYPE,
            "subject": event.subject,
            "time": "2026-11-27T00:00:00Z",
            "datacontenttype": "application/json",
            "tenantid": "local",
            "actorid": "webhook-service",
            "subjectsequence": str(number),
            "data": event.model_dump(mode="json"),
        }
        await self._dapr.bus.deliver(BaseChanged.TOPIC, orjson.dumps(envelope))

    async def tell_of(self, *, number: int = 1, changed_at: datetime | None = None, **records: Any) -> None:
        """Record → the cells it is told with."""
        tables = [ChangedTable(table=self.table.id, records=records)]
        await self.tell(number=number, changed_at=changed_at, tables=tables)


@pytest_asyncio.fixture
async def leads(client: AppClient, dapr: FakeDapr, place: Place) -> AsyncIterator[Leads]:
    """Once the connector knows which tables stand alone."""
    await dapr.bus.connect(client.app)
    found = Leads(place, dapr)
    await know(client, place)
    yield found
    dapr.bus.disconnect(client.app)


async def know(client: AppClient, place: Place, page_size: int = 1) -> None:
    """Let the connector look at the base's schema, as it does once a base has changed a few times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(changes, "WORTH_A_LAYOUT", 0)
        await client.get(f"{place.records}?page_size={page_size}")  # to be a miss
    await client.app.state.chassis.container[Reads]._learning


async def test_a_write_leaves_other_records_and_tables_that_show_nothing_of_it(
    client: AppClient, place: Place, leads: Leads
) -> None:
    paths = [f"{leads.path}/{leads.second}", place.records, f"{place.records}/{next(iter(place.table.records))}"]
    for path in (*paths, leads.path):
        assert await how(client, path) == "miss"
    await client.patch(f"{leads.path}/{leads.first}", json={"fields": {"Name": "Changed"}})
    assert [await how(client, path) for path in paths] == ["hit"] * 3
    assert await how(client, leads.path) == "miss"


async def test_a_write_is_answered_to_the_next_reader_of_its_record_without_a_call(
    client: AppClient, place: Place, leads: Leads
) -> None:
    await client.patch(f"{leads.path}/{leads.first}", json={"fields": {"Name": "Changed"}})
    asked = len(place.asked())
    for path in (f"{leads.path}/{leads.first}", f"/v0/{place.base.id}/Lead%20import/{leads.first}"):
        answer = await client.get(path)
        assert answer.headers["x-platform-cache"] == "hit"
        assert answer.json()["fields"] == {"Name": "Changed"}
        fresh = await client.get(path, headers={"cache-control": "no-cache"})
        assert (answer.body, answer.headers["etag"]) == (fresh.body, fresh.headers["etag"])
    assert len(place.asked()) == asked + 2


async def test_of_two_writes_at_once_neither_answer_is_kept_unless_it_was_the_last(
    client: AppClient, place: Place, leads: Leads
) -> None:
    one = f"{leads.path}/{leads.first}"
    await asyncio.gather(*(client.patch(one, json={"fields": {"Name": f"By {n}"}}) for n in range(5)))
    shown = (await client.get(one)).json()["fields"]["Name"]
    assert shown == leads.table.records[leads.first].cells[leads.name]


async def test_a_deleted_record_is_gone_for_the_next_reader(client: AppClient, leads: Leads) -> None:
    one = f"{leads.path}/{leads.first}"
    await client.get(one)
    await client.delete(one)
    assert (await client.get(one)).status == 404


async def test_a_write_is_seen_through_another_process_that_knows_the_layout(
    client: AppClient, dapr: FakeDapr, place: Place, leads: Leads, sandbox: Running
) -> None:
    dapr.secrets["airtable/local/default"] = TOKEN
    replica = create(Settings(airtable_url=sandbox.url, **FAST, **dapr.settings()))  # type: ignore[arg-type]
    one = f"{leads.path}/{leads.first}"
    async with AppClient(replica, dapr.headers()).running() as other:
        await know(other, place, page_size=2)
        for name in ("Ada", "Bob", "Eve"):
            assert await how(other, one) in ("hit", "miss")
            await client.patch(one, json={"fields": {"Name": name}})
            assert (await other.get(one)).json()["fields"]["Name"] == name


async def test_a_write_whose_answer_was_lost_is_seen_all_the_same(
    client: AppClient, place: Place, leads: Leads
) -> None:
    one = f"{leads.path}/{leads.first}"
    await client.get(one)
    place.sandbox.faults.add({"kind": "drop-after", "method": "PATCH", "count": 1})
    lost = await client.patch(one, json={"fields": {"Name": "Lost"}})
    assert lost.problem[0] == "airtable.write-unknown"
    assert (await client.get(one)).json()["fields"]["Name"] == "Lost"


async def test_the_schema_is_looked_at_once_a_base_has_changed_a_few_times(client: AppClient, place: Place) -> None:
    one = f"{place.records}/{next(iter(place.table.records))}"
    for number in range(changes.WORTH_A_LAYOUT + 1):
        await client.patch(one, json={"fields": {"City": f"City {number}"}})
        await client.get(one)
    await client.app.state.chassis.container[Reads]._learning
    assert [path for path in place.asked() if "meta" in path] == [f"GET /v0/meta/bases/{place.base.id}/tables"]


async def test_what_is_told_takes_out_what_it_names_and_nothing_else(client: AppClient, leads: Leads) -> None:
    paths = [f"{leads.path}/{leads.first}", f"{leads.path}/{leads.second}", leads.path]
    for path in paths:
        await client.get(path)
    leads.edit(update=[{"id": leads.first, "fields": {"Name": "Outside"}}])
    await leads.tell_of(**{leads.first: {leads.name: "Outside"}})
    assert [await how(client, path) for path in paths] == ["miss", "hit", "miss"]
    assert (await client.get(paths[0])).json()["fields"]["Name"] == "Outside"


async def test_a_deletion_that_is_told_is_seen(client: AppClient, leads: Leads) -> None:
    one = f"{leads.path}/{leads.second}"
    await client.get(one)
    leads.edit(delete=[leads.second])
    await leads.tell(tables=[ChangedTable(table=leads.table.id, deleted=[leads.second])])
    assert (await client.get(one)).status == 404


async def test_a_change_of_the_schema_that_is_told_takes_out_all(client: AppClient, place: Place, leads: Leads) -> None:
    paths = [place.tables, place.records, f"{leads.path}/{leads.first}"]
    for path in paths:
        await client.get(path)
    await leads.tell(schema_changed=True)
    assert [await how(client, path) for path in paths] == ["miss"] * 3


async def test_a_write_of_ours_that_comes_back_leaves_its_answer_where_it_is(client: AppClient, leads: Leads) -> None:
    await leads.tell()
    one = f"{leads.path}/{leads.first}"
    await client.patch(one, json={"fields": {"Name": "Ours"}})
    await leads.tell_of(**{leads.first: {leads.name: "Ours"}})
    assert await how(client, one) == "hit"
    leads.edit(update=[{"id": leads.first, "fields": {"Name": "Theirs"}}])
    await leads.tell_of(**{leads.first: {leads.name: "Theirs"}})
    assert (await client.get(one)).json()["fields"]["Name"] == "Theirs"


async def test_an_answer_stays_fresh_for_longer_only_while_somebody_tells(
    client: AppClient, place: Place, leads: Leads, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, page = f"{leads.path}/{leads.first}", f"{place.v0}?pageSize=10"
    await leads.tell(again_within=300)
    for path in (one, page):
        await client.get(path)
    clock = changes.time.time
    monkeypatch.setattr(changes.time, "time", lambda: clock() + 200)
    assert await how(client, one) == "hit"
    assert await how(client, page) == "miss"  # its offset would be dead
    monkeypatch.setattr(changes.time, "time", lambda: clock() + 400)
    assert await how(client, one) == "miss"


async def test_cells_that_are_told_are_written_into_what_is_kept_without_a_call(
    client: AppClient, place: Place, leads: Leads
) -> None:
    one = f"{leads.path}/{leads.first}"
    await client.get(one)
    asked, later = len(place.asked()), datetime.now(UTC) + timedelta(seconds=10)
    for number, name in enumerate(["First", "Second", "Third"], 1):
        leads.edit(update=[{"id": leads.first, "fields": {"Name": name}}])
        await leads.tell_of(number=number, changed_at=later, **{leads.first: {leads.name: name}})
        answer = await client.get(one)
        assert (answer.headers["x-platform-cache"], answer.json()["fields"]) == ("hit", {"Name": name})
    assert len(place.asked()) == asked
    fresh = await client.get(one, headers={"cache-control": "no-cache"})
    assert (answer.body, answer.headers["etag"]) == (fresh.body, fresh.headers["etag"])


@pytest.mark.parametrize(("first", "second"), [(2, 1), (1, 1)], ids=["out of order", "twice"])
async def test_what_is_told_out_of_order_or_twice_is_asked_for_instead(
    client: AppClient, leads: Leads, first: int, second: int
) -> None:
    one, later = f"{leads.path}/{leads.first}", datetime.now(UTC) + timedelta(seconds=10)
    await client.get(one)
    leads.edit(update=[{"id": leads.first, "fields": {"Name": "Now"}}])
    await leads.tell_of(number=first, changed_at=later, **{leads.first: {leads.name: "Now"}})
    await leads.tell_of(number=second, changed_at=later, **{leads.first: {leads.name: "Before"}})
    answer = await client.get(one)
    assert (answer.headers["x-platform-cache"], answer.json()["fields"]) == ("miss", {"Name": "Now"})


async def test_what_may_be_older_than_what_is_kept_is_not_written_into_it(client: AppClient, leads: Leads) -> None:
    one = f"{leads.path}/{leads.first}"
    leads.edit(update=[{"id": leads.first, "fields": {"Name": "Now"}}])
    await client.get(one)
    await leads.tell_of(changed_at=datetime.now(UTC), **{leads.first: {leads.name: "Before"}})
    assert (await client.get(one)).json()["fields"] == {"Name": "Now"}


async def test_what_is_told_while_the_state_store_is_away_is_seen_when_it_is_back(
    client: AppClient, dapr: FakeDapr, leads: Leads
) -> None:
    one = f"{leads.path}/{leads.first}"
    await client.get(one)
    leads.edit(update=[{"id": leads.first, "fields": {"Name": "Outside"}}])
    dapr.state.available = False
    await leads.tell_of(**{leads.first: {leads.name: "Outside"}})
    dapr.state.available = True
    client.app.state.chassis.container[ReadCache]._away_until = 0.0  # as if its pause were over
    assert (await client.get(one)).json()["fields"]["Name"] == "Outside"


async def test_records_that_are_asked_for_one_by_one_are_read_as_pages_of_their_table(
    client: AppClient, place: Place, leads: Leads
) -> None:
    made = leads.edit(create=[{"Name": f"Lead {n}"} for n in range(130)])["created"]
    for one in made[: pages.MISSED]:
        assert await how(client, f"{leads.path}/{one}") == "miss"
    await client.app.state.chassis.container[pages.Pages].reading
    asked = len(place.asked())
    for one in (made[pages.MISSED], made[-1]):
        answer = await client.get(f"{leads.path}/{one}")
        fresh = await client.get(f"{leads.path}/{one}", headers={"cache-control": "no-cache"})
        assert answer.headers["x-platform-cache"] == "hit"
        assert (answer.body, answer.headers["etag"]) == (fresh.body, fresh.headers["etag"])
    assert len(place.asked()) == asked + 2
    await client.patch(f"{leads.path}/{made[-2]}", json={"fields": {"Name": "Changed"}})
    assert (await client.get(f"{leads.path}/{made[-2]}")).json()["fields"] == {"Name": "Changed"}
