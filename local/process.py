"""What the launcher needs to know of one process, whoever describes it."""

import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Kind = Literal["data", "control", "sandbox", "app", "sidecar"]


async def _always() -> bool:
    return True


@dataclass(frozen=True)
class Spec:
    """One process: how it is started, when it counts as ready, how it is stopped.

    `environment` is the whole environment, not an addition: nothing of the user's shell leaks into a process.
    `ready` answers within 1 s and never raises; the launcher asks it every 50 ms until it is true.
    `grace` is the time in seconds between `stop_signal` and SIGKILL; None means it is never killed hard.
    """

    name: str
    kind: Kind
    command: tuple[str, ...]
    environment: Mapping[str, str]
    ports: Mapping[str, int] = field(default_factory=dict)
    app_id: str | None = None
    replica: int = 0
    needs: tuple[str, ...] = ()
    ready: Callable[[], Awaitable[bool]] = _always
    grace: float | None = 5.0
    user: str | None = None
    working_directory: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
