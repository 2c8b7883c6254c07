"""Clients generated from the platform's one OpenAPI document do what the demo does: in Python and in TypeScript."""

import asyncio
import importlib
import json
import shutil
import sys
import uuid
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from demo.journey import Place
from tests.system.mesh import Mesh, run

TYPESCRIPT = Path(__file__).parent / "typescript_client"


@pytest.fixture
def document(mesh: Mesh, tmp_path: Path) -> Path:
    """The document as the gateway serves it, in a file."""
    file = tmp_path / "openapi.json"
    answer = httpx.get(f"{mesh.address.url}/openapi.json")
    assert not answer.json().get("x-missing"), "every app's part is in the document"
    file.write_bytes(answer.content)
    return file


@pytest.fixture
def python_client(document: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    generator = Path(sys.executable).with_name("openapi-python-client")
    run(
        generator,
        "generate",
        "--path",
        document,
        "--meta",
        "none",
        "--output-path",
        "platform_client",
        cwd=document.parent,
    )
    monkeypatch.syspath_prepend(str(document.parent))
    return importlib.import_module("platform_client")


def operation(document: Path, method: str, path: str) -> str:
    """The module the generator makes of an operation: its tag and operation id."""
    described = json.loads(document.read_text())["paths"][path][method]
    return f"{described['tags'][0].replace('-', '_')}.{described['operationId']}".lower()


async def test_a_generated_python_client_performs_the_journey(
    mesh: Mesh, place: Place, document: Path, python_client: ModuleType
) -> None:
    client = python_client.AuthenticatedClient(base_url=mesh.address.url, token=mesh.address.key)
    models = importlib.import_module("platform_client.models")
    records = "/api/v1/bases/{base}/tables/{table}/records"
    one = {"base": place.base, "table": place.table}

    def call(method: str, path: str, **arguments: Any) -> Any:
        module = importlib.import_module(f"platform_client.api.{operation(document, method, path)}")
        return module.sync_detailed(client=client, **arguments)

    def journey() -> None:
        bases = call("get", "/api/v1/bases").parsed
        assert place.base in {base.id for base in bases.items}
        listed = call("get", records, **one, page_size=10).parsed
        assert len(listed.items) == 10
        name = f"Demo {uuid.uuid4().hex}"
        body = models.Upsert.from_dict(
            {"merge_on": [place.name_field], "records": [{"fields": {place.name_field: name}}]}
        )
        record = call("post", f"{records}/upsert", **one, body=body).parsed.created[0]
        change = models.RecordChange.from_dict({"fields": {place.name_field: f"{name} renamed"}})
        updated = call("patch", f"{records}/{{record}}", **one, record=record, body=change).parsed
        assert updated.fields[place.name_field] == f"{name} renamed"
        assert call("delete", f"{records}/{{record}}", **one, record=record).status_code == 200
        gone = call("get", f"{records}/{{record}}", **one, record=record)
        assert (gone.status_code, gone.parsed.code) == (404, "airtable.not-found")

    with client:
        await asyncio.to_thread(journey)


@pytest.mark.timeout(300)
def test_a_generated_typescript_client_performs_the_journey(
    mesh: Mesh, place: Place, document: Path, tmp_path: Path
) -> None:
    project = tmp_path / "typescript"
    shutil.copytree(TYPESCRIPT, project, ignore=shutil.ignore_patterns("node_modules"))
    run("npm", "ci", "--no-audit", "--no-fund", cwd=project)
    run("npx", "openapi-typescript", document, "--default-non-nullable=false", "--output", "platform.d.ts", cwd=project)
    run("npx", "tsc", cwd=project)
    where = [mesh.address.url, mesh.address.key, place.base, place.table, place.name_field, place.choice_field]
    said = run("node", "journey.js", *where, cwd=project)
    assert "upserted, updated and deleted" in said
