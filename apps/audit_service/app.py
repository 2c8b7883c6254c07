"""The wiring of audit-service."""

from fastapi import FastAPI

from apps.audit_service.routes import ingest, schemas
from apps.audit_service.service import Appending, Schemas
from apps.audit_service.settings import Settings
from apps.audit_service.store import SchemaStore, TrailStore
from chassis import create_app


def create(settings: Settings) -> FastAPI:
    """The app that `python -m chassis audit-service` serves."""
    return create_app(
        settings,
        routers=[ingest.router, schemas.router],
        provide=[TrailStore, SchemaStore, Schemas, Appending],
    )
