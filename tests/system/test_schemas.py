"""The schema's memory through the whole mesh: gateway, schema-service, connector, sandbox."""

from uuid import uuid4

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
