"""audit-service in the test's own process, its sidecar played by FakeDapr."""

import pytest
from fastapi import FastAPI

from apps.audit_service.app import create
from apps.audit_service.settings import Settings
from chassis.testing import FakeDapr
from chassis.testing.fixtures import client, dapr, peers

__all__ = ["app", "client", "dapr", "peers"]


@pytest.fixture
def app(dapr: FakeDapr) -> FastAPI:
    return create(Settings(**dapr.settings()))
