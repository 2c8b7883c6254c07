"""What the gateway counts of requests that may change something."""

import asyncio
from pathlib import Path

import pytest

from apps.api_gateway.app import create
from apps.api_gateway.domain.count import AT_ONCE
from apps.api_gateway.store import Mutations
from chassis import Context, Log, Principal
from chassis.testing import AppClient
from contracts.audit_service import COUNT, Entry, canonical

CONNECTOR = "airtable-connector"
KEY = {"authorization": "Bearer pya_the-developers-key"}


class Kept:
    """The gateway's trail, as far as counting knows it."""

    def __init__(self) -> None:
        self.entries: list[dict] = []

    def spool(self, entry: dict) -> None:
        self.entries.append(entry)

    def told(self) -> list[tuple[str, str, str]]:
        """(service, how, request id) of entries that differ in their ids."""
        counts = [entry for entry in self.entries if entry["action"] == COUNT]
        apart = {entry["id"]: entry["metadata"]["requests"] for entry in counts}
        return sorted(
            (service, how, id)
            for told in apart.values()
            for service, hows in told.items()
            for how, ids in hows.items()
            for id in ids
        )


@pytest.fixture
def settings(settings, tmp_path: Path):
    return settings.model_copy(update={"platform_run_dir": str(tmp_path)})


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def app(settings, kept, monkeypatch):
    monkeypatch.setattr("chassis._trail.TrailOfRefusals.spool", lambda _, told: kept.spool(told))
    return create(settings)


async def counted(app, kept) -> list[tuple[str, str, str]]:
    await app.state.chassis.container[Mutations].move()
    return kept.told()


async def test_an_answer_of_an_app_is_counted_and_what_cannot_change_anything_is_not(app, client, peers, kept):
    peers[CONNECTOR].answers(201, json={})
    for id in ("one", "two"):
        await client.post("/api/v1/bases", headers={"x-request-id": id})
    await client.get("/api/v1/bases", headers={"x-request-id": "read"})
    assert await counted(app, kept) == [(CONNECTOR, "answered", "one"), (CONNECTOR, "answered", "two")]
    (entry,) = kept.entries
    assert (entry["action"], entry["tenant"]) == (COUNT, "platform")
    assert entry["targets"] == [{"type": "tenant", "id": "local"}]


@pytest.mark.parametrize("header", ["x-platform-unaudited", "idempotency-replayed"])
async def test_an_answer_that_leaves_no_entry_is_counted_as_such_and_its_client_is_told_nothing_of_it(
    app, client, peers, kept, header
):
    peers[CONNECTOR].answers(200, json={}, headers={header: "true"})
    answer = await client.post("/api/v1/bases", headers={"x-request-id": "one"})
    assert "x-platform-unaudited" not in answer.headers
    assert await counted(app, kept) == [(CONNECTOR, "exempt", "one")]


@pytest.mark.parametrize(
    ("fault", "service", "how"),
    [("denied", "api-gateway", "answered"), ("dead", "api-gateway", "answered"), ("lost", CONNECTOR, "unanswered")],
)
async def test_what_went_wrong_is_the_gateways_to_tell_or_nobodys(app, client, peers, kept, fault, service, how):
    peers[CONNECTOR].fails(fault)
    await client.post("/api/v1/bases", headers={"x-request-id": "one"})
    assert await counted(app, kept) == [(service, how, "one")]


async def test_who_has_no_key_is_not_counted(app, client, kept):
    await client.post("/api/v1/bases", headers={"authorization": None})
    assert await counted(app, kept) == []


def context(id: str) -> Context:
    return Context(app_id="api-gateway", trace_id="0" * 32, span_id=f"{id:0>16}", request_id=id,
                   principal=Principal("developer", "local"))  # fmt: skip


async def started(settings, kept) -> Mutations:
    mutations = Mutations(settings, kept, Log("api-gateway", "error"))
    await mutations.start()
    return mutations


async def test_a_killed_gateway_has_counted_what_it_answered_and_says_what_was_under_way(settings, kept):
    killed = await started(settings, kept)
    for id in ("a", "b", "c"):
        killed.begin(context(id), CONNECTOR)
    killed.settle(context("a"), CONNECTOR, "answered")
    await killed.move()  # b and c are carried along
    killed.settle(context("b"), CONNECTOR, "answered")
    assert kept.told() == [(CONNECTOR, "answered", "a")]
    await started(settings, kept)
    ended = [("answered", "a"), ("answered", "b"), ("unanswered", "c")]
    assert kept.told() == [(CONNECTOR, how, id) for how, id in ended]


async def test_what_a_killed_gateway_was_just_moving_is_counted_once(settings, kept, monkeypatch):
    killed = await started(settings, kept)
    for id in ("a", "b"):
        killed.begin(context(id), CONNECTOR)
    killed.settle(context("a"), CONNECTOR, "answered")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", lambda *_, **__: (_ for _ in ()).throw(OSError("killed here")))
        with pytest.raises(OSError, match="killed here"):
            await killed.move()
    killed.settle(context("b"), CONNECTOR, "answered")
    await started(settings, kept)
    assert len(kept.entries) == 3, "the first file's entry came again"
    assert kept.told() == [(CONNECTOR, "answered", "a"), (CONNECTOR, "answered", "b")]


async def test_a_line_that_was_cut_off_is_passed_over(settings, kept):
    killed = await started(settings, kept)
    killed.begin(context("a"), CONNECTOR)
    killed.settle(context("a"), CONNECTOR, "answered")
    file = Path(settings.platform_run_dir) / "audit" / f"api-gateway-{settings.app_port}.count"
    file.write_bytes(file.read_bytes() + b'["00000000000')
    await started(settings, kept)
    assert kept.told() == [(CONNECTOR, "answered", "a")]


async def test_many_requests_are_several_entries_that_audit_service_takes(settings, kept):
    mutations = await started(settings, kept)
    for number in range(AT_ONCE * 2 + 1):
        mutations.begin(context(f"{number:032}"), CONNECTOR)
        mutations.settle(context(f"{number:032}"), CONNECTOR, "answered")
    await mutations.move()
    assert len(kept.told()) == AT_ONCE * 2 + 1
    assert [len(canonical(Entry.model_validate(entry))) < 64 * 1024 for entry in kept.entries] == [True] * 3


async def test_a_full_file_counts_no_further_and_fails_no_request(settings, kept, monkeypatch):
    mutations = await started(settings, kept)
    monkeypatch.setattr("apps.api_gateway.store.mutations.LARGEST_FILE", 300)
    for id in "abcdef":
        mutations.begin(context(id), CONNECTOR)
        mutations.settle(context(id), CONNECTOR, "answered")
    await mutations.move()
    assert 0 < len(kept.told()) < 6


async def test_the_count_is_in_the_trail_after_the_gateways_period(settings, dapr, peers, kept, monkeypatch):
    monkeypatch.setattr("chassis._trail.TrailOfRefusals.spool", lambda _, told: kept.spool(told))
    app = create(settings.model_copy(update={"count_every": 0.02}))
    peers[CONNECTOR].answers(200, json={})
    async with AppClient(app, KEY).running() as client:
        await client.post("/api/v1/bases", headers={"x-request-id": "one"})
        async with asyncio.timeout(10):
            while not kept.entries:  # noqa: ASYNC110  its file tells nobody
                await asyncio.sleep(0.01)
    assert kept.told() == [(CONNECTOR, "answered", "one")]
