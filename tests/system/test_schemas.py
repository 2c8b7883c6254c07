"""The schema's memory through the whole mesh: gateway, schema-service, connector, sandbox."""

import signal
from uuid import uuid4

import httpx

from demo.journey import Place
from tests.system.mesh import Mesh


def test_a_field_that_comes_is_drift_until_the_next_snapshot(mesh: Mesh, place: Place) -> None:
    client = mesh.client()
    table = place.records.removesuffix("/records")
    base = table.split("/")[4]
    schemas = f"/api/v1/schemas/{base}"
    before = client.ask("POST", f"{schemas}/versions").body
    assert client.ask("GET", f"{schemas}/drift").body["changes"] == []

    of = before["tables"][0]["id"]
    new = {"name": f"Note {uuid4().hex[:8]}", "type": "singleLineText"}
    field = client.ask("POST", f"/api/v1/bases/{base}/tables/{of}/fields", json=new).body
    drift = client.ask("GET", f"{schemas}/drift", params={"against": before["version"]}).body
    assert [(one["kind"], one["id"], one["breaking"]) for one in drift["changes"]] == [("added", field["id"], False)]

    after = client.ask("POST", f"{schemas}/versions").body
    assert after["version"] == before["version"] + 1
    diff = client.ask("GET", f"{schemas}/diff", params={"before": before["version"]}).body
    assert diff["changes"] == drift["changes"]


def test_cells_that_do_not_fit_are_refused_before_airtable_sees_them_and_in_time_without_schema_service(
    mesh: Mesh, place: Place
) -> None:
    client = mesh.client()
    wrong = {"records": [{"fields": {place.name_field: "x", place.choice_field: "no such choice", "Nmae": 1}}]}
    client.ask("POST", place.records, json=wrong)  # a base that was never seen is looked at first
    httpx.delete(f"{mesh.address.sandbox_admin_url}/requests")
    refused = client.ask("POST", place.records, json=wrong)
    assert (refused.status, refused.body["code"]) == (422, "airtable.invalid-cells")
    fields = {error["field"] for error in refused.body["errors"]}
    assert fields == {f"records.0.fields.{place.choice_field}", "records.0.fields.Nmae"}
    seen = httpx.get(f"{mesh.address.sandbox_admin_url}/requests").json()["requests"]
    assert [one["method"] for one in seen] in ([], ["GET"])  # at most the schema of now, and no write

    mesh.signal("schema-service", signal.SIGSTOP)
    try:
        judged = client.ask("POST", place.records, json=wrong)
    finally:
        mesh.signal("schema-service", signal.SIGCONT)
    assert (judged.status, judged.body["code"]) == (422, "airtable.invalid-request")
    assert judged.seconds < 5
