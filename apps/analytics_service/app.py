"""The wiring of analytics-service."""

from fastapi import FastAPI

from apps.analytics_service import jobs, subscriptions
from apps.analytics_service.clients import Copies
from apps.analytics_service.routes import changes, logs, traces
from apps.analytics_service.routes.otlp import Intake
from apps.analytics_service.service import Changes, Logs, Traces
from apps.analytics_service.settings import Settings
from apps.analytics_service.store import ChangeStore, EdgeStore, LogFiles, TraceStore
from chassis import create_app


def create(settings: Settings) -> FastAPI:
    """The app that `python -m chassis analytics-service` serves."""
    return create_app(
        settings,
        routers=[changes.router, logs.router, traces.router],
        subscriptions=[subscriptions.note_a_schema],
        jobs=[jobs.forget_old_traces],
        provide=[TraceStore, EdgeStore, ChangeStore, LogFiles, Changes, Logs, Traces, Copies, Intake],
        beside=Intake,
    )
