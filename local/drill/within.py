"""Faults of code: what the drill tells the processes that `inside` runs. All end."""

import contextlib
import itertools
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import SetupError
from . import injecting
from .injecting import Mesh

_HEARD_WITHIN = 20.0  # s
_SETTLED_WITHIN = 4.0  # s
_NUMBERS = itertools.count(time.time_ns())  # no run takes another's number for its own


@contextlib.contextmanager
def within(mesh: Mesh, app: str, **faults: Any) -> Iterator[None]:
    """The app's process does these wrong. Raises SetupError where the mesh was not started for it."""
    try:
        _tell(mesh, app, faults)
        yield
    finally:
        _tell(mesh, app, {})


@contextlib.contextmanager
def started_with(mesh: Mesh, app: str, environment: Mapping[str, str]) -> Iterator[None]:
    """The app is started anew with these in its environment; after the block with what it should have."""
    try:
        _start(mesh, app, environment)
        yield
    finally:
        _start(mesh, app, {})


def _start(mesh: Mesh, app: str, environment: Mapping[str, str]) -> None:
    path, number = _told(mesh, app), next(_NUMBERS)
    before = mesh.pid(app)
    path.write_text(json.dumps({"number": number, "faults": {}, "environment": environment}))
    injecting.kill(before)
    _wait(lambda: _heard(path, number), _HEARD_WITHIN)
    # What refuses its settings is given up, what cannot be reached never gets ready: both are the fault.
    _wait(lambda: next(one.state for one in mesh.entries() if one.name == app) in ("ready", "failed"), _SETTLED_WITHIN)


def _tell(mesh: Mesh, app: str, faults: Mapping[str, Any]) -> None:
    path, number = _told(mesh, app), next(_NUMBERS)
    new = path.with_suffix(".told")
    new.write_text(json.dumps({"number": number, "faults": faults}))
    os.replace(new, path)
    if not _wait(lambda: _heard(path, number), _HEARD_WITHIN if faults else 1.0) and faults:
        raise SetupError(f"{app} cannot be broken from within: start the mesh with --through local.drill.inside")


def _heard(path: Path, number: int) -> bool:
    done = path.with_suffix(".done")
    return done.exists() and done.read_text() == str(number)


def _wait(holds: Callable[[], bool], within: float) -> bool:
    until = time.monotonic() + within
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def _told(mesh: Mesh, app: str) -> Path:
    folder = mesh.run.path / "drill"
    folder.mkdir(exist_ok=True)
    return folder / f"{app}.json"
