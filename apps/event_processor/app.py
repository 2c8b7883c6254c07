"""The wiring of event-processor."""

from fastapi import FastAPI

from apps.event_processor import clients, jobs, subscriptions
from apps.event_processor.clients import Consumers
from apps.event_processor.routes import letters, log, projections
from apps.event_processor.service import Bell, Keeper, Letters, Projections, Pump, Reader, Trees, Writer
from apps.event_processor.settings import Settings
from apps.event_processor.store import EventStore, LetterStore, ProjectionStore, QuarantineStore
from chassis import create_app


def create(settings: Settings) -> FastAPI:
    """The app that `python -m chassis event-processor` serves."""
    return create_app(
        settings,
        routers=[letters.router, projections.router, log.router],
        subscriptions=[subscriptions.keep],
        complete=clients.SOURCES,
        jobs=[jobs.replay_dead_letters],
        provide=[
            *(Consumers, EventStore, LetterStore, ProjectionStore, QuarantineStore),
            *(Bell, Keeper, Letters, Reader, Writer, Trees, Projections, Pump),
        ],
    )
