"""The audit trail in the real mesh."""

import json
import subprocess
import sys
from typing import Any
from uuid import uuid4

import httpx

from local.credentials import Credentials
from tests.local.servers import query
from tests.system.mesh import Mesh, eventually


def people(mesh: Mesh) -> httpx.Client:
    """At the gateway, with the development key."""
    headers = {"authorization": f"Bearer {mesh.address.key}"}
    return httpx.Client(base_url=mesh.address.url, headers=headers, timeout=30)


def test_the_trail_is_reached_through_the_gateway_and_exported_by_the_scheduler(mesh: Mesh) -> None:
    with people(mesh) as client:
        made = client.put("/api/v1/audit/schemas/test.action", json={"json_schema": {"type": "object"}})
        assert made.status_code == 201, made.text
        verdict = client.get("/api/v1/audit/verify").json()
        assert verdict["ok"], verdict
        assert client.get("/api/v1/audit/key").json()["key"].startswith("audit-service+")
        new = client.post("/api/v1/audit/exports", json={"format": "bundle"}).json()
        status = f"/api/v1/audit/exports/{new['id']}"
        eventually(lambda: client.get(status).json()["state"] == "done", within=20, what="the scheduler's job makes it")
        bundle = client.get(f"{status}/content").content
    path = mesh.run_dir / "trail.bundle"
    path.write_bytes(bundle)
    done = subprocess.run([sys.executable, "cli/verify_trail.py", str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_write_and_a_refusal_are_one_entry_each_and_a_changed_byte_is_named(mesh: Mesh) -> None:
    """The trail's promise in one go: allowed, denied, and then somebody at the database."""
    request = uuid4().hex
    with people(mesh) as client:
        sent = {"json": {"json_schema": {}}, "headers": {"x-request-id": request}}
        assert client.put("/api/v1/audit/schemas/test.action", **sent).status_code == 201
        refused = {**sent, "headers": {"x-request-id": request, "authorization": "Bearer pya_wrong"}}
        answer = client.put("/api/v1/audit/schemas/test.action", **refused)
        assert answer.status_code == 401
        trace = answer.headers["x-trace-id"]

        def entries(trail: str) -> list[dict[str, Any]]:
            asked = {"trail": trail, **({"trace_id": trace} if trail == "platform" else {"request_id": request})}
            found: list[dict[str, Any]] = client.get("/api/v1/audit/entries", params=asked).json()["items"]
            return found

        eventually(lambda: entries("own") and entries("platform"), within=15, what="both entries are in the trail")
        told = [(each["entry"]["action"], each["entry"]["outcome"]) for each in entries("own")]
        assert told == [("audit.set-schema", "succeeded")]
        denied = [each["entry"] for each in entries("platform")]
        assert [(each["outcome"], each["code"]) for each in denied] == [("denied", "identity.invalid-key")]

        index = entries("own")[0]["index"]
        flip = "UPDATE append_only.entries SET entry = set_byte(entry, 9, get_byte(entry, 9) # 1)"
        owner = json.loads((mesh.run_dir / "secrets.json").read_text())["database-owner-url/audit-service"]
        for expected in (False, True):  # and back
            query(owner, f"{flip} WHERE index = {index} AND tenant = 'local'")
            verdict = client.get("/api/v1/audit/verify").json()
            assert verdict["ok"] is expected, verdict
            assert expected or verdict["breaks"][0]["index"] == index


def test_the_gateway_may_not_hand_in_what_others_decided(mesh: Mesh) -> None:
    """Its key opens /api to people, and no route leads to /ingest."""
    with people(mesh) as client:
        assert client.post("/ingest/entries", content=b"{}").status_code == 404
    token = Credentials.load_or_create(mesh.run_dir).dapr_api_token("rate-limiter-service")
    headers = {"dapr-app-id": "audit-service", "dapr-api-token": token, "content-type": "application/x-ndjson"}
    answer = httpx.post(f"http://127.0.0.1:{mesh.port(13502)}/ingest/entries", content=b"{}", headers=headers)
    assert answer.status_code in (401, 403), answer.text


def test_a_write_to_airtable_and_a_refusal_of_the_gateway_are_in_the_trail(mesh: Mesh) -> None:
    with people(mesh) as client:
        base = client.get("/api/v1/bases").json()["items"][0]["id"]
        table = client.get(f"/api/v1/bases/{base}/tables").json()["items"][0]
        new = {"records": [{"fields": {table["fields"][0]["name"]: "Audited"}}]}
        key = {"idempotency-key": "audited-once"}
        records = f"/api/v1/bases/{base}/tables/{table['id']}/records"
        made, again = (client.post(records, json=new, headers=key) for _ in range(2))
        assert (made.status_code, again.content) == (201, made.content)
        refused = client.post("/nothing/there")

        def of(trace: str) -> list[dict[str, object]]:
            return list(client.get("/api/v1/audit/entries", params={"trace_id": trace}).json()["items"])

        trace = made.headers["x-trace-id"]
        eventually(lambda: len(of(trace)) == 1, within=20, what="the connector's entry")
        entry = of(trace)[0]
        assert made.json()["records"][0]["id"] in str(entry)
        assert of(again.headers["x-trace-id"]) == [], "what is answered again was done once"
    assert refused.status_code == 404
