"""The wiring of event-processor."""

from fastapi import FastAPI

from apps.event_processor import routes
from apps.event_processor.clients import AirtableConnector
from apps.event_processor.service import Summaries
from apps.event_processor.settings import Settings
from chassis import create_app


def create(settings: Settings) -> FastAPI:
    """The app that `python -m chassis event-processor` serves."""
    return create_app(settings, routers=[routes.router], provide=[AirtableConnector, Summaries])
