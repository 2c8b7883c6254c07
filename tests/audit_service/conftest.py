"""audit-service in the test's own process, on a real PostgreSQL, its sidecar played by FakeDapr."""

from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI

from apps.audit_service.app import create
from apps.audit_service.settings import Settings
from chassis.testing import AppClient, FakeDapr
from chassis.testing.fixtures import client, dapr
from tests.audit_service.trail import Trail, Urls
from tests.postgres import Postgres, postgres

__all__ = ["client", "dapr", "postgres"]


@pytest_asyncio.fixture
async def urls(postgres: Postgres) -> Urls:
    return Urls(*await postgres.new_append_only_database("audit"))


@pytest.fixture
def extra() -> dict[str, Any]:
    """Settings a test wants different; override it there."""
    return {}


@pytest.fixture
def settings(dapr: FakeDapr, urls: Urls, tmp_path: Path, extra: dict[str, Any]) -> Settings:
    dapr.secrets |= {
        "database-url/audit-service": urls.app,
        "database-owner-url/audit-service": urls.owner,
        "audit/signing-key": Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        "audit/handovers": "[]",
    }  # fmt: skip
    return Settings(**dapr.settings(), **{"checkpoints": str(tmp_path / "checkpoints"), **extra})


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return create(settings)


@pytest.fixture
def trail(client: AppClient, dapr: FakeDapr, urls: Urls) -> Trail:
    """What a test does to the trail: hand in, read, and break as the database's administrator."""
    return Trail(client, dapr, urls)
