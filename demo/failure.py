"""Kill a process the way an accident would, and watch as a client what comes back."""

import json
import os
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from demo.client import Address, Answer, Client


def processes(run_dir: Path) -> dict[str, dict[str, Any]]:
    """The launcher's record of every process by name: its pid, start time, ports and state."""
    record = json.loads((run_dir / "processes.json").read_text())
    return {entry["name"]: entry for entry in record["processes"]}


def kill(run_dir: Path, name: str) -> float:
    """SIGKILL `name` by its recorded pid; the moment it was sent (monotonic, s)."""
    os.kill(processes(run_dir)[name]["pid"], signal.SIGKILL)
    return time.monotonic()


@dataclass(frozen=True)
class Seen:
    """One request of the watcher: when it was answered (monotonic, s) and with what."""

    at: float
    answer: Answer


class Watch:
    """Asks for `path` every 40 ms from a thread of its own until the block ends."""

    def __init__(self, address: Address, path: str) -> None:
        self._client = Client(address, timeout=10)
        self._path = path
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.seen: list[Seen] = []

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=15)
        self._client.__exit__()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                answer = self._client.ask("GET", self._path, headers={"cache-control": "no-store"})
            except httpx.HTTPError as failure:
                answer = Answer(0, {"detail": repr(failure)}, "", 0)
            self.seen.append(Seen(time.monotonic(), answer))
            self._stop.wait(0.04)

    def first_problem(self, after: float) -> Seen | None:
        return next((seen for seen in self.seen if seen.at >= after and seen.answer.status != 200), None)

    def recovery(self, after: float) -> Seen | None:
        """The first success that follows the first problem."""
        problem = self.first_problem(after)
        later = (seen for seen in self.seen if problem and seen.at > problem.at and seen.answer.status == 200)
        return next(later, None)

    def until_recovered(self, after: float, within: float) -> None:
        """Return when a success followed a problem, or after `within` seconds."""
        while time.monotonic() < after + within and self.recovery(after) is None:
            time.sleep(0.02)
