"""The wiring of schema-service."""

from fastapi import FastAPI

from apps.schema_service import jobs, routes
from apps.schema_service.clients import AirtableConnector
from apps.schema_service.service import Consumers, Schemas, Search, Views
from apps.schema_service.settings import Settings
from apps.schema_service.store import ConsumerStore, SchemaStore, SearchStore
from chassis import create_app


def create(settings: Settings) -> FastAPI:
    """The app that `python -m chassis schema-service` serves."""
    return create_app(
        settings,
        routers=routes.ROUTERS,
        jobs=[jobs.look_again],
        provide=[AirtableConnector, SchemaStore, SearchStore, ConsumerStore, Schemas, Views, Search, Consumers],
    )
