"""Several connections of one tenant: which one serves a request, and what its token may do."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from apps.airtable_connector.app import create
from apps.airtable_connector.clients import Tokens
from apps.airtable_connector.settings import Settings
from chassis.testing import AppClient, FakeDapr
from sandbox.airtable.embedded import Running, running
from tests.airtable_connector.conftest import FAST
from tests.airtable_connector.scripted import ScriptedAirtable

SALES, PEOPLE = "appSales00000000A", "appPeople0000000A"
BOTH_READ = ["data.records:read", "schema.bases:read"]
TOKENS = {
    "default": {"token": "patSales", "user": "ada@example.com", "bases": [SALES]},
    "people": {"token": "patPeople", "user": "bob@example.com", "bases": [PEOPLE], "scopes": BOTH_READ},
    "all": {"token": "patAll", "user": "ada@example.com"},
    "silent": {"token": "patSilent", "user": "ada@example.com", "scopes": ["data.records:read"]},
}


def a_base(base: str, name: str) -> dict[str, Any]:
    fields = [{"name": "Name", "type": "singleLineText"}]
    return {"id": base, "name": name, "tables": [{"name": "Things", "fields": fields, "records": [
        {"key": "r", "fields": {"Name": f"of {name}"}}]}]}  # fmt: skip


@pytest.fixture(scope="module")
def two_bases() -> Iterator[Running]:
    users = [{"name": "Ada", "email": "ada@example.com"}, {"name": "Bob", "email": "bob@example.com"}]
    seed = {"users": users, "tokens": [*TOKENS.values()], "bases": [a_base(SALES, "Sales"), a_base(PEOPLE, "People")]}
    with running(seed, limits="off") as airtable:
        yield airtable


@pytest.fixture
def sandbox(two_bases: Running) -> Running:
    two_bases.sandbox.reset(None)
    return two_bases


@pytest.fixture
def extra() -> dict[str, Any]:
    return {"connections": "default,people,absent"}


@pytest.fixture
def app(dapr: FakeDapr, url: str, extra: dict[str, Any], database: str, limiter: AppClient) -> FastAPI:
    dapr.secrets |= {f"airtable/local/{name}": str(one["token"]) for name, one in TOKENS.items()}
    return create(Settings(airtable_url=url, **{**FAST, **extra}, **dapr.settings()))


def records(base: str) -> str:
    return f"/api/v1/bases/{base}/tables/Things/records"


def over(connection: str) -> dict[str, str]:
    return {"x-airtable-connection": connection}


def asked(sandbox: Running) -> list[str]:
    return [f"{one['method']} {one['path']}" for one in sandbox.sandbox.log.since(0)["requests"]]


async def test_each_base_is_read_over_the_connection_that_sees_it(client: AppClient) -> None:
    for base, name in ((SALES, "of Sales"), (PEOPLE, "of People")):
        answer = await client.get(records(base))
        assert (answer.status, answer.json()["items"][0]["fields"]) == (200, {"Name": name})
        assert (await client.get(f"/v0/{base}/Things")).status == 200


async def test_which_connection_sees_a_base_is_asked_once(client: AppClient, sandbox: Running) -> None:
    for _ in range(3):
        assert (await client.get(records(PEOPLE), headers={"cache-control": "no-cache"})).status == 200
    assert asked(sandbox).count("GET /v0/meta/bases") == 2


@pytest.mark.parametrize("extra", [{}])
async def test_a_tenant_with_one_connection_asks_nothing_to_find_it(client: AppClient, sandbox: Running) -> None:
    assert (await client.get(records(SALES))).status == 200
    assert len(asked(sandbox)) == 1


async def test_a_request_names_its_connection(client: AppClient) -> None:
    assert (await client.get(records(SALES), headers=over("people"))).problem[:2] == ("airtable.not-found", 404)
    assert (await client.get(f"/v0/{SALES}/Things", headers=over("people"))).status in (403, 404)
    assert (await client.get(records(SALES), headers=over("default"))).status == 200
    assert (await client.get("/api/v1/bases", headers=over("people"))).json()["items"][0]["id"] == PEOPLE


@pytest.mark.parametrize("name", ["nobody", "absent", "Default", "../x"])
async def test_a_connection_that_the_tenant_has_not_is_refused_with_those_it_has(
    client: AppClient, sandbox: Running, name: str
) -> None:
    answer = await client.get(records(SALES), headers=over(name))
    assert answer.problem == ("airtable.unknown-connection", 404, "airtable-connector")
    assert "default, people" in answer.json()["detail"]
    assert asked(sandbox) == []


async def test_a_base_that_no_connection_sees_is_not_found(client: AppClient) -> None:
    answer = await client.get(records("appUnknown0000000"))
    assert answer.problem == ("airtable.not-found", 404, "airtable-connector")
    assert "appUnknown0000000" in answer.json()["detail"]


@pytest.mark.parametrize("extra", [{"connections": "all,people"}])
async def test_of_two_that_see_a_base_the_first_declared_serves_it(client: AppClient) -> None:
    made = await client.post(records(PEOPLE), json={"records": [{"fields": {"Name": "Written by all"}}]})
    assert made.status == 201, made.body


@pytest.mark.parametrize("extra", [{"connections": "default,silent"}])
async def test_a_token_that_may_not_list_its_bases_is_tried_where_no_other_sees_the_base(client: AppClient) -> None:
    assert (await client.get(records(PEOPLE))).json()["items"][0]["fields"] == {"Name": "of People"}


@pytest.mark.parametrize("extra", [{"connections": "default,all"}])
async def test_what_was_read_over_one_connection_is_not_served_over_another(client: AppClient) -> None:
    seen = [(await client.get(records(SALES), headers=over(name))).headers["x-platform-cache"]
            for name in ("default", "all", "default", "all")]  # fmt: skip
    assert seen == ["miss", "miss", "hit", "hit"]


async def test_what_the_last_token_saw_is_not_served_to_the_next(
    client: AppClient, dapr: FakeDapr, app: FastAPI
) -> None:
    path, who = records(SALES), over("default")
    assert (await client.get(path, headers=who)).status == 200
    dapr.secrets["airtable/local/default"] = str(TOKENS["people"]["token"])
    app.state.chassis.container[Tokens].refused("local", "default")  # as when Airtable did not know it any more
    assert (await client.get(path, headers=who)).status == 404


async def test_a_write_tells_over_which_connection_it_went_and_is_undone_over_the_same(client: AppClient) -> None:
    made = await client.post(records(SALES), json={"records": [{"fields": {"Name": "New"}}]}, headers=over("default"))
    operation = made.json()["operation"]
    told = (await client.get(f"/api/v1/operations/{operation}")).json()
    assert told["connection"] == "default"
    undone = await client.post(f"/api/v1/operations/{operation}/revert", json={}, headers=over("people"))
    assert (undone.status, undone.json()["complete"]) == (200, True), undone.body


async def test_connections_are_listed_without_their_tokens(client: AppClient) -> None:
    answer = await client.get("/api/v1/connections")
    assert answer.json() == {"items": [{"name": "default"}, {"name": "people"}], "next": None}


@pytest.mark.parametrize("extra", [{"connections": "default,people=data.records:read schema.bases:read,silent"}])
async def test_a_check_says_whose_token_it_is_what_it_may_and_what_it_sees(client: AppClient) -> None:
    answer = await client.get("/api/v1/connections/people")
    told = answer.json()
    assert (told["name"], told["bases"], told["scopes"]) == ("people", [PEOPLE], BOTH_READ)
    assert (told["scopes_from"], told["owner"][:3]) == ("declared", "usr")
    assert str(TOKENS["people"]["token"]).encode() not in answer.body
    silent = (await client.get("/api/v1/connections/silent")).json()
    assert (silent["scopes"], silent["scopes_from"], silent["bases"]) == (None, "unknown", None)


async def test_a_check_of_a_refused_token_says_so(client: AppClient, dapr: FakeDapr) -> None:
    dapr.secrets["airtable/local/people"] = "patGone"
    assert (await client.get("/api/v1/connections/people")).problem[:2] == ("airtable.refused", 403)
    assert (await client.get("/api/v1/connections/absent")).problem[:2] == ("airtable.unknown-connection", 404)


@pytest.mark.parametrize("extra", [{"connections": "default=data.records:read schema.bases:read"}])
async def test_a_scope_that_was_not_given_is_named_and_airtable_is_not_asked(
    client: AppClient, sandbox: Running
) -> None:
    answer = await client.post(records(SALES), json={"records": [{"fields": {"Name": "x"}}]})
    assert answer.problem == ("airtable.missing-scope", 403, "airtable-connector")
    assert "`data.records:write`" in answer.json()["detail"]
    hooks = await client.get(f"/api/v1/bases/{SALES}/webhooks")
    assert "`webhook:manage`" in hooks.json()["detail"]
    stock = await client.post(f"/v0/{SALES}/Things", json={"fields": {"Name": "x"}})
    assert (stock.status, stock.json()["error"]["type"]) == (403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND")
    assert asked(sandbox) == []
    assert (await client.get(records(SALES))).status == 200


class TestOauth:
    """A token of OAuth, whose scopes Airtable tells."""

    @pytest.fixture
    def url(self, airtable: ScriptedAirtable) -> str:
        return airtable.url

    @pytest.fixture
    def extra(self) -> dict[str, Any]:
        return {"connections": "default"}

    async def test_its_scopes_are_asked_once_and_checked_before_each_call(
        self, client: AppClient, dapr: FakeDapr, airtable: ScriptedAirtable
    ) -> None:
        dapr.secrets["airtable/local/default"] = "oaaToken"
        airtable.answers(200, {"id": "usr1", "scopes": ["data.records:read"]}).answers(200, {"records": []})
        for _ in range(2):
            refused = await client.delete(f"{records(SALES)}/recAAAAAAAAAAAAAA")
            assert refused.problem[:2] == ("airtable.missing-scope", 403)
        assert (await client.get(records(SALES))).status == 200
        assert [one.path.partition("?")[0] for one in airtable.requests] == [
            "/v0/meta/whoami",
            f"/v0/{SALES}/Things",
        ]

    async def test_what_airtable_does_not_tell_is_left_to_it(
        self, client: AppClient, dapr: FakeDapr, airtable: ScriptedAirtable
    ) -> None:
        dapr.secrets["airtable/local/default"] = "oaaToken"
        airtable.answers(500, {}).answers(500, {}).answers(200, {"records": []})
        assert (await client.get(records(SALES))).status == 200
