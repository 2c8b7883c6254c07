"""The wiring of api-gateway."""

from fastapi import FastAPI
from starlette.middleware import Middleware

from apps.api_gateway.clients import LauncherRecord, RoutedApps, Traces
from apps.api_gateway.routes import Frontage, Proxy, Refusal, Shortcut, routers
from apps.api_gateway.service import Documents, Door, Health, Inquiry, ProblemPages
from apps.api_gateway.settings import Settings
from apps.api_gateway.store import Memory, Mutations
from chassis import create_app


def create(settings: Settings) -> FastAPI:
    """The app that `python -m chassis api-gateway` serves."""
    answering = [Door, Health, Inquiry, ProblemPages, Documents, Refusal]
    provide = [Memory, LauncherRecord, RoutedApps, Traces, *answering, Mutations]
    app = create_app(settings, routers=routers, provide=provide, public=True, asgi=Proxy, refusal=Refusal)
    app.user_middleware.append(Middleware(Shortcut, settings=settings))  # innermost
    app.add_middleware(Frontage, settings=settings)  # outermost
    return app
