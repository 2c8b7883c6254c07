"""What users do, each with its weight and the right answer. Frozen: a change makes two matrices incomparable."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from .ground import CREATED, Ground


class WrongAnswer(Exception):
    """The platform answered, but not what is right."""


@dataclass(frozen=True)
class Journey:
    """One thing that users do. `weight`: its share of all they do, in percent. `act` raises when it does not work."""

    name: str
    weight: int
    act: Callable[[httpx.Client, Ground], None]


def call(client: httpx.Client, method: str, path: str, expect: int = 200, **request: Any) -> Any:
    """The JSON of the answer, None when there is none. Raises WrongAnswer for any status but `expect`."""
    answer = client.request(method, path, **request)
    if answer.status_code != expect:
        raise WrongAnswer(f"{answer.status_code} {_told(answer)}")
    return answer.json() if answer.content else None


def _told(answer: httpx.Response) -> str:
    try:
        told = answer.json()
    except ValueError:
        return answer.text[:80]
    if not isinstance(told, dict) or "code" not in told:  # /v0 answers in Airtable's shape
        return str(told)[:80]
    return f"{told['code']} at {told.get('service')}"


def right(holds: object, what: str) -> None:
    if not holds:
        raise WrongAnswer(f"wrong answer: {what}")


def _list_bases(client: httpx.Client, ground: Ground) -> None:
    items = call(client, "GET", "/api/v1/bases")["items"]
    right(ground.base in {base["id"] for base in items}, "the base is not listed")


def _list_records(client: httpx.Client, ground: Ground) -> None:
    items = call(client, "GET", ground.read)["items"]
    right({one["id"]: one["fields"]["Name"] for one in items} == ground.names, "other records than were written")


def _read_with_a_formula(client: httpx.Client, ground: Ground) -> None:
    asked = {"filter": f"{{Name}} = '{ground.one_name}'"}
    items = call(client, "GET", ground.read, params=asked, headers={"cache-control": "no-store"})["items"]
    right([one["id"] for one in items] == [ground.one], "the formula selects another record")


def _get_a_record(client: httpx.Client, ground: Ground) -> None:
    record = call(client, "GET", f"{ground.read}/{ground.one}")
    right(record["fields"]["Name"] == ground.one_name, "another name than was written")


def _create_and_delete(client: httpx.Client, ground: Ground) -> None:
    name = uuid4().hex
    made = call(client, "POST", ground.write, 201, json={"records": [{"fields": {"Name": name}}]})
    path = f"{ground.write}/{made['records'][0]['id']}"
    right(call(client, "GET", path)["fields"]["Name"] == name, "a read does not see the write before it")
    call(client, "DELETE", path)


def _undo_a_write(client: httpx.Client, ground: Ground) -> None:
    new = {"records": [{"fields": {"Name": uuid4().hex}}]}
    answer = client.post(ground.undo, json=new)
    right(answer.status_code == 201, f"{answer.status_code} {_told(answer)}")
    operation = answer.headers["x-platform-operation"]
    undone = call(client, "POST", f"/api/v1/operations/{operation}/revert", json={})
    right(undone["complete"], "the write was not undone")
    call(client, "GET", f"{ground.undo}/{answer.json()['records'][0]['id']}", 404)


def _have_a_wrong_cell_refused(client: httpx.Client, ground: Ground) -> None:
    call(client, "POST", ground.write, 422, json={"records": [{"fields": {"No such field": 1}}]})


def _list_through_airtables_api(client: httpx.Client, ground: Ground) -> None:
    records = call(client, "GET", f"/v0/{ground.base}/{ground.read_table}")["records"]
    right({one["id"] for one in records} == set(ground.names), "other records than were written")


def _webhook(client: httpx.Client, ground: Ground) -> None:
    hooks = f"/api/v1/bases/{ground.hook_base}/webhooks"
    new = {"specification": {"options": {"filters": {"dataTypes": ["tableData"]}}}}
    made = call(client, "POST", hooks, 201, json=new)["id"]
    listed = {hook["id"] for hook in call(client, "GET", hooks)["items"]}
    call(client, "DELETE", f"{hooks}/{made}", 204)
    right(made in listed, "a new webhook is not listed")


def _search_the_audit_trail(client: httpx.Client, ground: Ground) -> None:
    items = call(client, "GET", "/api/v1/audit/entries", params={"trail": "own", "trace_id": ground.trace})["items"]
    right([one["entry"]["action"] for one in items] == ["record.create"], "not the one entry of the write")


def _verify_the_audit_trail(client: httpx.Client, ground: Ground) -> None:
    right(call(client, "GET", "/api/v1/audit/verify")["ok"], "the trail is said to be changed")


def _tree_of_events(client: httpx.Client, ground: Ground) -> None:
    asked = {"trace_id": ground.trace, "type": CREATED}
    items = call(client, "GET", "/api/v1/events", params=asked)["items"]
    right({one["data"]["record"] for one in items} == set(ground.names), "not the events of the write")


def _schema_drift(client: httpx.Client, ground: Ground) -> None:
    drift = call(client, "GET", f"/api/v1/schemas/{ground.base}/drift", params={"against": ground.version})
    right(drift["changes"] == [], "a schema that nobody changed has drifted")


def _find_a_field(client: httpx.Client, ground: Ground) -> None:
    tables = call(client, "GET", f"/api/v1/schemas/{ground.base}")["tables"]
    right(ground.read_table in {table["id"] for table in tables}, "the table is not in the schema")


def _why(client: httpx.Client, ground: Ground) -> None:
    verdict = call(client, "GET", "/api/v1/why/last")
    right(isinstance(verdict["failed"], bool) and verdict["trace_id"], "no verdict")


def _usage_of_airtable(client: httpx.Client, ground: Ground) -> None:
    call(client, "GET", "/api/v1/limits/explain", params={"base": ground.base})


JOURNEYS = (
    Journey("list records", 22, _list_records),
    Journey("read with a formula", 14, _read_with_a_formula),
    Journey("get a record", 12, _get_a_record),
    Journey("create, read back, delete", 14, _create_and_delete),
    Journey("list through Airtable's API", 8, _list_through_airtables_api),
    Journey("list bases", 5, _list_bases),
    Journey("undo a write", 4, _undo_a_write),
    Journey("have a wrong cell refused", 3, _have_a_wrong_cell_refused),
    Journey("make, see, delete a webhook", 3, _webhook),
    Journey("search the audit trail", 3, _search_the_audit_trail),
    Journey("verify the audit trail", 2, _verify_the_audit_trail),
    Journey("tree of events", 3, _tree_of_events),
    Journey("read a schema", 2, _find_a_field),
    Journey("compare a schema", 2, _schema_drift),
    Journey("why last", 2, _why),
    Journey("why a call waits", 1, _usage_of_airtable),
)
