"""Questions to the apps behind the routes, through the mesh like everything else."""

from time import perf_counter
from typing import Any

import orjson

from apps.api_gateway.domain.why.evidence import Probe
from chassis import AppError, Mesh

DOCUMENT_PATIENCE = 2.0  # seconds


class RoutedApps:
    def __init__(self, mesh: Mesh) -> None:
        self._mesh = mesh

    async def readiness(self, app: str, patience: float) -> Probe:
        """Whether the app is ready, asked now. Silence for `patience` seconds is an answer too; never raises."""
        began = perf_counter()
        try:
            answer = await self._mesh.call(app, "GET", "/readyz", timeout=patience)
            ready, words = answer.status == 200, "ready" if answer.status == 200 else f"not ready ({answer.status})"
        except AppError as error:
            ready, words = False, error.code
        return Probe(app, ready, words, (perf_counter() - began) * 1000)

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
