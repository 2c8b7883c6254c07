"""Questions to the apps behind the routes, through the mesh like everything else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any

import orjson
from pydantic import BaseModel, ValidationError

from apps.api_gateway.domain.why.evidence import Probe
from chassis import AppError, Mesh, acting, background

DOCUMENT_PATIENCE = 2.0  # seconds
# daprd closes its connection to another sidecar three minutes after the last call on it began, a stream that still
# comes on it included: its reader sees an end like any other.
OPEN_EVERY = 45.0  # seconds; with several replicas each has its turn


class _Told(BaseModel):
    """What an app says of itself beside whether it is ready."""

    lines: int | None = None
    breakers: dict[str, str] = {}


class RoutedApps:
    def __init__(self, mesh: Mesh) -> None:
        self._mesh = mesh

    async def readiness(self, app: str, patience: float) -> Probe:
        """Whether the app is ready, asked now. Silence for `patience` seconds is an answer too; never raises."""
        began = perf_counter()
        try:
            answer = await self._mesh.call(app, "GET", "/readyz", timeout=patience)
            ready, words = answer.status == 200, "ready" if answer.status == 200 else f"not ready ({answer.status})"
            told = _Told.model_validate_json(answer.body)
        except AppError as error:
            ready, words, told = False, error.code, _Told()
        except ValidationError:
            told = _Told()
        return Probe(app, ready, words, (perf_counter() - began) * 1000, told.lines, told.breakers)

    @asynccontextmanager
    async def kept_open(self, app: str) -> AsyncIterator[None]:
        """The connection to the app stays open, so that a stream may take as long as it wants."""
        asking = asyncio.create_task(self._ask_on(app))
        try:
            yield
        finally:
            asking.cancel()

    async def _ask_on(self, app: str) -> None:
        with acting(background(self._mesh.app_id)):
            while True:
                await asyncio.sleep(OPEN_EVERY)
                await self.readiness(app, OPEN_EVERY)

    async def document(self, app: str) -> dict[str, Any] | None:
        """The app's own OpenAPI document; None while it does not give one."""
        try:
            answer = await self._mesh.call(app, "GET", "/openapi.json", timeout=DOCUMENT_PATIENCE)
        except AppError:
            return None
        if answer.status != 200:
            return None
        try:
            document = orjson.loads(answer.body)
        except orjson.JSONDecodeError:
            return None
        return document if isinstance(document, dict) else None

    def breakers(self) -> dict[str, str]:
        """App-id → closed, open or half-open, for every app called so far."""
        return {app: str(breaker["state"]) for app, breaker in self._mesh.breakers().items()}
