"""The wiring of audit-service."""

from fastapi import FastAPI

from apps.audit_service import routes
from apps.audit_service.clients import AirtableConnector
from apps.audit_service.service import Summaries
from apps.audit_service.settings import Settings
from chassis import create_app


def create(settings: Settings) -> FastAPI:
    """The app that `python -m chassis audit-service` serves."""
    return create_app(settings, routers=[routes.router], provide=[AirtableConnector, Summaries])
