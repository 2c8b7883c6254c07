"""How hard an app works, by the launcher's record and the operating system."""

import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from apps.api_gateway.clients import LauncherRecord

APP = "audit-service"


def record(folder: Path, *processes: dict[str, Any]) -> LauncherRecord:
    path = folder / "processes.json"
    path.write_bytes(orjson.dumps({"processes": list(processes)}))
    return LauncherRecord(SimpleNamespace(launcher_record=path))  # type: ignore[arg-type]


def process(pid: int | None, app: str = APP, kind: str = "app") -> dict[str, Any]:
    return {"name": app, "kind": kind, "app_id": app, "state": "ready", "since": 0.0, "pid": pid}


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells it in /proc")
def test_an_app_has_worked_as_long_as_its_process_computed(tmp_path: Path) -> None:
    launcher = record(tmp_path, process(os.getpid()), process(1, kind="sidecar"), process(1, app="other-service"))
    before = launcher.worked(APP)
    assert before is not None
    began = time.process_time()
    while time.process_time() < began + 0.2:
        pass
    after = launcher.worked(APP)
    assert after is not None
    assert 0.15 <= after - before <= 2.0


@pytest.mark.parametrize("pid", [None, 2**22 + 1], ids=["it does not run", "it is gone"])
def test_of_a_process_that_is_not_there_it_is_not_known(tmp_path: Path, pid: int | None) -> None:
    assert record(tmp_path, process(pid)).worked(APP) is None


def test_without_a_record_it_is_not_known(tmp_path: Path) -> None:
    assert LauncherRecord(SimpleNamespace(launcher_record=None)).worked(APP) is None  # type: ignore[arg-type]
