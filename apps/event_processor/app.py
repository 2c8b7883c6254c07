"""The wiring of event-processor."""

from fastapi import FastAPI

from apps.event_processor import clients, subscriptions
from apps.event_processor.routes import log
from apps.event_processor.service import Bell, Keeper, Reader, Trees, Writer
from apps.event_processor.settings import Settings
from apps.event_processor.store import EventStore, QuarantineStore
from chassis import create_app


def create(settings: Settings) -> FastAPI:
    """The app that `python -m chassis event-processor` serves."""
    return create_app(
        settings,
        routers=[log.router],
        subscriptions=[subscriptions.keep],
        complete=clients.SOURCES,
        provide=[EventStore, QuarantineStore, Bell, Keeper, Reader, Writer, Trees],
    )
