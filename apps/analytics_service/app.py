"""The wiring of analytics-service."""

from fastapi import FastAPI

from apps.analytics_service import jobs
from apps.analytics_service.clients import Copies
from apps.analytics_service.routes import traces
from apps.analytics_service.routes.otlp import Intake
from apps.analytics_service.service import Traces
from apps.analytics_service.settings import Settings
from apps.analytics_service.store import EdgeStore, TraceStore
from chassis import Database, create_app


def create(settings: Settings) -> FastAPI:
    """The app that `python -m chassis analytics-service` serves."""
    return create_app(
        settings,
        routers=[traces.router],
        jobs=[jobs.forget_old_traces],
        provide=[Database, TraceStore, EdgeStore, Traces, Copies, Intake],
        beside=Intake,
    )
