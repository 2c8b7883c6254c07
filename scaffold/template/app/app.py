"""The wiring of example-service."""

from fastapi import FastAPI

from apps.example_service import routes
from apps.example_service.clients import AirtableConnector
from apps.example_service.service import Summaries
from apps.example_service.settings import Settings
from chassis import create_app


def create(settings: Settings) -> FastAPI:
    """The app that `python -m chassis example-service` serves."""
    return create_app(settings, routers=[routes.router], provide=[AirtableConnector, Summaries])
