"""event-processor in the test's own process, its sidecar played by FakeDapr."""

import pytest
from fastapi import FastAPI

from apps.event_processor.app import create
from apps.event_processor.settings import Settings
from chassis.testing import FakeDapr
from chassis.testing.fixtures import client, dapr, peers

__all__ = ["app", "client", "dapr", "peers"]


@pytest.fixture
def app(dapr: FakeDapr) -> FastAPI:
    return create(Settings(**dapr.settings()))
