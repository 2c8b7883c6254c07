"""Each refusal that is known of Airtable, asked through gateway, sidecars and connector.

On /v0 it has exactly Airtable's status and body; on /api/v1 the same is a problem.
"""

from typing import Any

import httpx
import pytest

from demo.journey import Place
from tests.sandbox.test_every_error import CASES, Case
from tests.system.mesh import Mesh

# Answered by the platform itself, before Airtable is asked: tests of the gateway have them.
OURS = {"no token", "body too large"}
REFUSALS = [case for case in CASES if not case.first and case.name not in OURS]
# /api/v1 takes more than one batch and has one form only; its own routes are not Airtable's.
ONLY_AIRTABLES = {
    "malformed id", "no such route", "hidden base", "eleven created", "nothing deleted", "neither form", "no JSON",
}  # fmt: skip
MISTAKES = [case for case in REFUSALS if case.name not in ONLY_AIRTABLES]
PARAMETERS = {"filterByFormula=": "filter=", "offset=": "cursor=", "pageSize=": "page_size="}


def names(mesh: Mesh, place: Place) -> dict[str, str]:
    contacts = mesh.client().get(f"/api/v1/bases/{place.base}/tables/Contacts/records", page_size=1)
    return {"crm": place.base, "contact": contacts["items"][0]["id"]}


def ask(mesh: Mesh, method: str, path: str, sent: Any) -> httpx.Response:
    body: dict[str, Any] = {"content": sent} if isinstance(sent, bytes) else {"json": sent} if sent is not None else {}
    headers = {"authorization": f"Bearer {mesh.address.key}", "content-type": "application/json"}
    return httpx.request(method, mesh.address.url + path, headers=headers, timeout=60, **body)


@pytest.mark.parametrize("case", REFUSALS, ids=[case.name for case in REFUSALS])
def test_a_refusal_on_v0_is_airtables_own(mesh: Mesh, place: Place, case: Case) -> None:
    answer = ask(mesh, case.method, case.path.format(**names(mesh, place)), case.sent)
    assert (answer.status_code, answer.json()) == (case.status, case.body)
    assert answer.headers["x-platform-code"].startswith("airtable.")


@pytest.mark.parametrize("case", MISTAKES, ids=[case.name for case in MISTAKES])
def test_the_same_mistake_on_api_v1_is_a_problem(mesh: Mesh, place: Place, case: Case) -> None:
    _, _, base, rest = case.path.format(**names(mesh, place)).split("/", 3)
    table, _, query = rest.partition("?")
    name, *record = table.split("/")
    for airtables, ours in PARAMETERS.items():
        query = query.replace(airtables, ours)
    path = "/".join([f"/api/v1/bases/{base}/tables/{name}/records", *record])
    sent = {"records": [case.sent]} if case.sent and "fields" in case.sent else case.sent
    answer = ask(mesh, case.method, f"{path}?{query}" if query else path, sent)
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.status_code in (403, 404, 422), problem
    forgotten = case.name == "old offset"  # nobody's mistake: Airtable keeps an offset for minutes only
    assert (problem["status"], problem["fault"]) == (answer.status_code, "airtable" if forgotten else "client")
    assert problem["service"] in ("api-gateway", "airtable-connector")
    assert problem["trace_id"] == answer.headers["x-trace-id"]
