"""The wiring of rate-limiter-service."""

from fastapi import FastAPI

from apps.rate_limiter_service.routes import router
from apps.rate_limiter_service.service import Governor
from apps.rate_limiter_service.settings import Settings
from apps.rate_limiter_service.store import Ledger
from chassis import create_app


def create(settings: Settings) -> FastAPI:
    """The app that `python -m chassis rate-limiter-service` serves."""
    return create_app(settings, routers=[router], provide=[Ledger, Governor])
