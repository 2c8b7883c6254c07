"""How hard an app works, by the launcher's record and the operating system."""

import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from apps.api_gateway.clients import LauncherRecord, worked
from apps.api_gateway.domain.why.evidence import Process

APP = "audit-service"


def record(folder: Path, *processes: dict[str, Any]) -> tuple[Process, ...]:
    path = folder / "processes.json"
    path.write_bytes(orjson.dumps({"processes": list(processes)}))
    processes = LauncherRecord(SimpleNamespace(launcher_record=path)).processes()  # type: ignore[arg-type]
    assert processes is not None
    return processes


def process(pid: int | None, app: str = APP, kind: str = "app") -> dict[str, Any]:
    return {"name": app, "kind": kind, "app_id": app, "state": "ready", "since": 0.0, "pid": pid}


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells it in /proc")
def test_an_app_has_worked_as_long_as_its_process_computed(tmp_path: Path) -> None:
    running = record(tmp_path, process(os.getpid()), process(1, kind="sidecar"), process(1, app="other-service"))
    before = worked(running, APP)
    assert before is not None
    began = time.process_time()
    while time.process_time() < began + 0.2:
        pass
    after = worked(running, APP)
    assert after is not None
    assert 0.15 <= after - before <= 2.0


@pytest.mark.parametrize("pid", [None, 2**22 + 1], ids=["it does not run", "it is gone"])
def test_of_a_process_that_is_not_there_it_is_not_known(tmp_path: Path, pid: int | None) -> None:
    assert worked(record(tmp_path, process(pid)), APP) is None


def test_without_a_record_it_is_not_known() -> None:
    assert LauncherRecord(SimpleNamespace(launcher_record=None)).processes() is None  # type: ignore[arg-type]
    assert worked((), APP) is None
