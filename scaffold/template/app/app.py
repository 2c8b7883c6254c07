"""The wiring of example-service."""

from fastapi import FastAPI

from apps.example_service import routes, subscriptions
from apps.example_service.clients import AirtableConnector
from apps.example_service.service import Bases
from apps.example_service.settings import Settings
from apps.example_service.store import BaseStore
from chassis import create_app


def create(settings: Settings) -> FastAPI:
    """The app that `python -m chassis example-service` serves."""
    return create_app(
        settings,
        routers=[routes.router],
        subscriptions=[subscriptions.measure_base],
        provide=[AirtableConnector, BaseStore, Bases],
    )
