"""The gateway over a fake sidecar: one Airtable-compatible prefix, one of our own, one open to everybody."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from fastapi import FastAPI

from apps.api_gateway.app import create
from apps.api_gateway.settings import Settings
from chassis.testing import AppClient, FakeDapr
from chassis.testing.fixtures import dapr, peers

__all__ = ["dapr", "peers"]

KEY = "pya_the-developers-key"
ROUTES = """\
- prefix: /v0
  app: airtable-connector
  methods: [GET, POST, PATCH, DELETE]
  style: airtable
  timeout: 120
  again: true
- {prefix: /api/v1, app: airtable-connector, methods: [GET, POST]}
- {prefix: /files, app: file-storage-service, methods: [GET, PUT], max_body: 16 MiB}
- {prefix: /hooks, app: webhook-service, methods: [POST], auth: none, max_body: 1 KiB}
"""


@pytest.fixture
def settings(dapr: FakeDapr, tmp_path: Path) -> Settings:
    dapr.secrets["identity/development-key"] = KEY
    routes = tmp_path / "routes.yaml"
    routes.write_text(ROUTES, "utf-8")
    return Settings(
        **dapr.settings(),
        routes_file=routes,
        apps_file=tmp_path / "dapr.yaml",
        processes_file=tmp_path / "processes.json",
        log_level="info",
    )


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return create(settings)


@pytest_asyncio.fixture
async def client(app: FastAPI) -> AsyncIterator[AppClient]:
    """A client with the developer's key, as the outside world sends it."""
    async with AppClient(app, {"authorization": f"Bearer {KEY}"}).running() as running:
        yield running
