"""How the platform is: every routed app, asked through the mesh."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from apps.api_gateway.clients import RoutedApps
from apps.api_gateway.settings import Settings

PATIENCE = 1.0  # seconds


@dataclass(frozen=True, slots=True)
class ServiceHealth:
    """One app. `response_time` is in milliseconds; `status` is `ready` or the reason why it is not.

    `lines` of code it has, `breakers` (callee → state) of its own that are not closed.
    """

    name: str
    status: str
    response_time: float
    lines: int | None
    breakers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PlatformHealth:
    """`ok` when every routed app is ready."""

    status: Literal["ok", "degraded"]
    services: tuple[ServiceHealth, ...]


class Health:
    def __init__(self, settings: Settings, apps: RoutedApps) -> None:
        self._names = settings.table.apps
        self._apps = apps

    async def now(self) -> PlatformHealth:
        """Asks all apps at once and gives each a second."""
        answers = await asyncio.gather(*(self._apps.readiness(name, PATIENCE) for name in self._names))
        return PlatformHealth(
            status="ok" if all(answer.ready for answer in answers) else "degraded",
            services=tuple(
                ServiceHealth(answer.app, answer.answer, round(answer.took, 1), answer.lines, answer.breakers)
                for answer in answers
            ),
        )
