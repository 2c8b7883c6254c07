"""What is made of a schema, as a client of the platform gets it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from apps.schema_service.domain import LANGUAGES
from tests.schema_service.test_routes import BASE, NAME, SCHEMAS, says, take, two_versions

AMOUNT = {"id": "fld2", "name": "Amount_1", "type": "currency", "description": "Before 100% tax"}


async def a_version(client: Any, peers: Any) -> None:
    says(peers, NAME, AMOUNT | {"options": {"precision": 2, "symbol": "€"}})
    await take(client)


@pytest.mark.parametrize("format", LANGUAGES)
async def test_models_come_as_a_file_of_their_own_kind(client, peers, format):
    await a_version(client, peers)
    answer = await client.get(f"{SCHEMAS}/models?format={format}")
    assert (answer.status, answer.headers["content-type"]) == (200, f"{LANGUAGES[format].media_type}; charset=utf-8")
    assert f"{BASE}-1.{LANGUAGES[format].extension}" in answer.headers["content-disposition"]
    assert b"Amount_1" in answer.body


async def test_who_has_the_models_of_a_version_is_told_so_until_there_is_another(client, peers):
    await two_versions(client, peers)
    models = f"{SCHEMAS}/models?format=typescript"
    first = await client.get(f"{models}&version=1")
    known = {"if-none-match": f'"other", W/{first.headers["etag"]}'}
    again = await client.get(f"{models}&version=1", headers=known)
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert (await client.get(models, headers=known)).status == 200


async def test_a_format_nobody_knows_is_refused(client, peers):
    await a_version(client, peers)
    assert (await client.get(f"{SCHEMAS}/models?format=cobol")).problem[:2] == ("request.invalid", 422)


async def test_a_read_as_of_a_time_is_of_what_was_newest_then(client, peers):
    says(peers, NAME)
    first = await take(client)
    between = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    says(peers, NAME | {"name": "Title"})
    await take(client)
    assert (await client.get(f"{SCHEMAS}?as_of={between}")).json()["version"] == 1
    assert (await client.get(f"{SCHEMAS}/slim?as_of={between}")).json()["text"] == "# Deals\nName"
    assert (await client.get(f"{SCHEMAS}/slim")).json()["text"] == "# Deals\nTitle"
    before = await client.get(f"{SCHEMAS}?as_of=2020-01-01T00:00:00Z")
    assert before.problem == ("schema.unknown-version", 404, "schema-service")
    assert "2020-01-01" in before.json()["detail"]
    assert first["version"] == 1


@pytest.mark.parametrize(
    "asked", ["version=1&as_of=2026-11-25T00:00:00Z", "as_of=yesterday", "as_of=2026-11-25T00:00:00"]
)
async def test_a_time_is_exact_and_stands_alone(client, asked):
    assert (await client.get(f"{SCHEMAS}?{asked}")).problem == ("request.invalid", 422, "schema-service")


async def test_a_slim_view_comes_as_json_or_text_and_expands_to_ids(client, peers):
    await a_version(client, peers)
    told = (await client.get(f"{SCHEMAS}/slim")).json()
    assert told["text"] == "# Deals\nName\nAmount_1:€2\n// Before 100% tax"
    assert told["tokens"] < told["tokens_of_schema"]
    text = await client.get(f"{SCHEMAS}/slim", headers={"accept": "text/plain"})
    assert text.body.decode() == told["text"] + "\n"
    new = {"text": f"{told['text']}\nClosed:date"}
    (table,) = (await client.post(f"{SCHEMAS}/expand", json=new)).json()["tables"]
    assert table["id"] == "tbl1"
    assert [(one["name"], one["id"]) for one in table["fields"]] == [
        ("Name", "fld1"),
        ("Amount_1", "fld2"),
        ("Closed", None),
    ]


async def test_what_is_no_slim_view_is_refused_with_its_line(client, peers):
    await a_version(client, peers)
    answer = await client.post(f"{SCHEMAS}/expand", json={"text": "# Deals\nName:nothing"})
    assert answer.problem == ("schema.not-slim", 422, "schema-service")
    assert "Line 2" in answer.json()["detail"]


async def test_what_a_change_reaches_is_told_as_json_and_as_text(client, peers):
    formula = {"id": "fld00000000000003", "name": "Tax", "type": "formula", "options": {"referencedFieldIds": ["fld1"]}}
    says(peers, NAME, formula)
    await take(client)
    graph = (await client.get(f"{SCHEMAS}/dependencies")).json()
    assert graph["edges"] == [{"field": formula["id"], "on": "fld1", "how": "formula"}]
    found = (await client.get(f"{SCHEMAS}/impact?of=Deals.Name&change=remove")).json()
    assert [(one["path"], one["effect"]) for one in found["affected"]] == [("Deals.Tax", "breaks")]
    text = await client.get(f"{SCHEMAS}/impact?of=fld1", headers={"accept": "text/plain"})
    assert text.body.decode() == found["text"] + "\n"


async def test_the_impact_on_what_nobody_knows_is_refused(client, peers):
    await a_version(client, peers)
    answer = await client.get(f"{SCHEMAS}/impact?of=Deals.Nmae")
    assert answer.problem == ("schema.unknown-thing", 404, "schema-service")


async def found(client: Any, **asked: str) -> list[tuple[str, str]]:
    answer = await client.get("/api/v1/schemas/search", params=asked)
    assert answer.status == 200, answer.body
    return [(one["what"], one["name"]) for one in answer.json()["items"]]


async def test_a_search_finds_words_in_names_and_descriptions_the_best_name_first(client, peers):
    await a_version(client, peers)
    assert await found(client, q="amount") == [("field", "Amount_1")]
    assert await found(client, q="TAX amount") == [("field", "Amount_1")]
    assert await found(client, q="e") == [("table", "Deals"), ("field", "Name"), ("field", "Amount_1")]
    assert await found(client, q="nothing") == []
    assert await found(client, q="e", what="table") == [("table", "Deals")]
    assert await found(client, q="e", base="appXXXXXXXXXXXXXX") == []


async def test_signs_of_patterns_in_a_search_stand_for_themselves(client, peers):
    await a_version(client, peers)
    assert await found(client, q="100%") == [("field", "Amount_1")]
    assert await found(client, q="t_1") == [("field", "Amount_1")]
    assert await found(client, q="_") == [("field", "Amount_1")]
    assert await found(client, q="N%e") == []
    assert await found(client, q="\\") == []


async def test_a_search_sees_the_newest_version_only_and_pages(client, peers):
    await two_versions(client, peers)
    assert await found(client, q="name") == []
    page = (await client.get("/api/v1/schemas/search?q=e&page_size=1")).json()
    assert ([one["name"] for one in page["items"]], page["next"]) == (["Deals"], "1")
    rest = (await client.get("/api/v1/schemas/search?q=e&page_size=1&cursor=1")).json()
    assert ([one["name"] for one in rest["items"]], rest["next"]) == (["Title"], None)


async def test_another_tenant_finds_nothing(client, dapr, peers):
    await a_version(client, peers)
    other = {"authorization": f"Bearer {dapr.token(tenant='acme')}"}
    assert (await client.get("/api/v1/schemas/search?q=amount", headers=other)).json()["items"] == []
    assert (await client.get(f"{SCHEMAS}/slim", headers=other)).status == 404
