"""The wiring of event-processor."""

from fastapi import FastAPI

from apps.event_processor import clients, jobs, routes, service, store, subscriptions
from apps.event_processor.settings import Settings
from chassis import create_app


def create(settings: Settings) -> FastAPI:
    """The app that `python -m chassis event-processor` serves."""
    return create_app(
        settings,
        routers=routes.ROUTERS,
        subscriptions=[subscriptions.keep],
        complete=clients.SOURCES,
        jobs=[jobs.replay_dead_letters, jobs.apply_retention],
        provide=[clients.Consumers, *store.STORES, *service.SERVICES],
    )
