"""One OpenAPI document of the whole platform, and pages made of it."""

import asyncio
import importlib
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
import pytest_asyncio

from apps.airtable_connector.app import create as create_connector
from apps.airtable_connector.settings import Settings as ConnectorSettings
from chassis.testing import AppClient
from tests.postgres import new_database, postgres

__all__ = ["new_database", "postgres"]

CONNECTOR = "airtable-connector"
NO_KEY = {"authorization": None}


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may need longer than two seconds for a connector's first document."""
    monkeypatch.setattr("apps.api_gateway.clients.routed_apps.DOCUMENT_PATIENCE", 30.0)


@pytest_asyncio.fixture
async def connector(dapr, peers, new_database):
    """The real connector behind the fake sidecar: its document is what is merged."""
    dapr.secrets[f"database-url/{CONNECTOR}"] = await new_database(CONNECTOR)
    app = create_connector(ConnectorSettings(**dapr.settings(), airtable_url="http://127.0.0.1:1"))
    async with AppClient(app).running():
        peers[CONNECTOR].serves(app, app_token="app-token")
        yield app


async def test_the_document_describes_the_apps_and_the_gateway(client, connector):
    document = (await client.get("/openapi.json", headers=NO_KEY)).json()
    assert "/v0/{base}/{table}" in document["paths"]
    assert "/api/v1/bases" in document["paths"]
    assert "/health" in document["paths"]
    assert document["paths"]["/health"]["get"]["security"] == []
    assert "/api/v1/why/{asked}" in document["paths"]


async def test_a_dead_apps_part_is_named_as_missing(client, connector, peers):
    peers["file-storage-service"].fails("dead")
    peers["webhook-service"].answers(body=b"not json")
    document = (await client.get("/openapi.json")).json()
    assert document["x-missing"] == ["file-storage-service", "webhook-service"]
    assert "/api/v1/bases" in document["paths"]
    page = (await client.get("/docs")).body.decode()
    assert "does not answer now: file-storage-service, webhook-service" in page


async def test_the_document_is_kept_for_a_while(client, connector, peers):
    for app in ("file-storage-service", "webhook-service"):
        peers[app].answers(json={"info": {}, "paths": {}})
    first = await client.get("/openapi.json")
    peers[CONNECTOR].fails("dead")
    assert (await client.get("/openapi.json")).body == first.body
    assert first.json()["x-missing"] == []


class Resources(HTMLParser):
    """Everything a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        if tag in ("script", "link", "img", "iframe", "object") or "src" in values:
            self.loaded.append(tag)


@pytest.mark.parametrize("path", ["/docs", "/problems", "/problems/peer.unavailable"])
async def test_pages_load_nothing_and_say_so_to_the_browser(client, connector, path):
    answer = await client.get(path, headers={"accept": "text/html,*/*", **NO_KEY})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    resources = Resources()
    resources.feed(answer.body.decode())
    assert resources.loaded == []


async def test_the_docs_page_shows_operations_with_their_fields(client, connector):
    page = (await client.get("/docs")).body.decode()
    for shown in ("/api/v1/bases/{base}/tables/{table}/records", "merge_on", '<h3 id="Problem">', "airtable-connector"):
        assert shown in page


async def test_a_python_client_can_be_generated_and_speaks_the_contract(
    client, connector, tmp_path, monkeypatch: pytest.MonkeyPatch
):
    file = tmp_path / "openapi.json"
    file.write_bytes((await client.get("/openapi.json")).body)
    generator = Path(sys.executable).with_name("openapi-python-client")
    command = [generator, "generate", "--path", file, "--meta", "none", "--output-path", tmp_path / "generated_client"]
    running = await asyncio.create_subprocess_exec(
        *command, cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said = (await running.communicate())[0].decode()
    assert running.returncode == 0, said
    assert "WARNING parsing" not in said, said
    monkeypatch.syspath_prepend(str(tmp_path))
    models = importlib.import_module("generated_client.models")
    sent = models.Upsert.from_dict({"merge_on": ["Name"], "records": [{"fields": {"Name": "a"}}]})
    assert sent.merge_on == ["Name"]
    told = models.Problem.from_dict((await client.get("/api/v1/bases", headers=NO_KEY)).json())
    assert (told.code, told.fault.value) == ("identity.missing-key", "client")
    verdict = models.Verdict.from_dict((await client.get("/api/v1/why/last")).json())
    assert verdict.failed is False
