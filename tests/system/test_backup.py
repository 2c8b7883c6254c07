"""A backup of the running platform, a day's work after it, and the restore: what every service knows then."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from demo import journey
from local.credentials import Credentials
from tests.system.mesh import Mesh, eventually

BESIDE = 13_000
APPS = "api-gateway,airtable-connector,rate-limiter-service,audit-service,event-processor"


@pytest.fixture
def mine(tmp_path: Path) -> Iterator[Mesh]:
    """A mesh of its own, because it is thrown away."""
    mesh = Mesh(tmp_path / "run", BESIDE)
    mesh.up("--apps", APPS)
    yield mesh
    mesh.close()
    mesh.down()


def write(mesh: Mesh, name: str) -> str:
    """A record more; the trace of its request, once its audit entry and its event are where they belong."""
    client = mesh.client()
    place = journey.find_place(client)
    answer = client.ask("POST", place.records, json={"records": [{"fields": {place.name_field: name}}]})
    assert answer.status == 201, answer.body
    eventually(lambda: known(mesh, answer.trace) == (1, 1), within=20, what="its entry and its event are kept")
    return answer.trace


def known(mesh: Mesh, trace: str) -> tuple[int, int]:
    """How many audit entries and events there are of a trace."""
    entries = mesh.client().get("/api/v1/audit/entries", trace_id=trace)["items"]
    events = mesh.client().get("/api/v1/events", trace_id=trace)["items"]
    return len(entries), len(events)


def sign(mesh: Mesh) -> None:
    """As the scheduler has it done once a minute."""
    token = Credentials.load_or_create(mesh.run_dir).app_api_token("audit-service")
    address = f"http://127.0.0.1:{mesh.port(8061)}/job/sign-checkpoints"
    assert httpx.post(address, headers={"dapr-api-token": token}, timeout=30).status_code == 200


def again(mesh: Mesh, env: dict[str, str] | None = None) -> None:
    mesh.close()
    mesh.up("--apps", APPS, env=env)


def verdict(mesh: Mesh) -> dict[str, Any]:
    return dict(mesh.client().get("/api/v1/audit/verify"))


def test_a_restored_platform_goes_on_from_the_backup_and_tells_of_what_was_signed_after_it(
    mine: Mesh, tmp_path: Path
) -> None:
    archive = str(tmp_path / "yesterday.tar.gz")
    kept = write(mine, "before the backup")
    key = mine.client().get("/api/v1/audit/key")
    sign(mine)
    mine.local("backup", archive)
    signed = verdict(mine)["size"]
    lost = write(mine, "after the backup")
    sign(mine)
    assert verdict(mine)["ok"]
    mine.close()
    mine.down()

    told = mine.local("restore", archive, "--replace")
    assert "audit entries of tenant local had been signed" in told

    again(mine)
    assert (known(mine, kept), known(mine, lost)) == ((1, 1), (0, 0))
    assert mine.client().get("/api/v1/audit/key") == key
    assert verdict(mine)["size"] == signed
    for _ in range(3):  # past the length that was signed
        write(mine, "after the restore")
    sign(mine)
    found = verdict(mine)
    assert {each["kind"] for each in found["breaks"]} <= {"exported", "checkpoint"}, found
    assert "exported" in {each["kind"] for each in found["breaks"]}
    mine.close()
    mine.down()

    again(mine, env={"AUDIT_SERVICE_CHECKPOINTS": str(tmp_path / "second place")})
    sign(mine)
    found = verdict(mine)
    assert (found["ok"], found["exported"] > 0) == (True, True), found
    assert found["size"] > signed
    assert list((mine.run_dir / "checkpoints" / "local").iterdir()), "what was signed before is evidence"
