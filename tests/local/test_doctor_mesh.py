"""Each check of a running mesh: broken for real, red with exit code 1; its remedy run as printed, green."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from local import dapr_binaries
from local.doctor import examine
from local.run_dir import RunDirectory
from tests.local.doctoring import Patient, wrong_clock

UP = "up --detach --port-offset 14000 --apps airtable-connector"


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patient]:
    dapr_binaries.obtain()
    patient = Patient(tmp_path_factory.mktemp("doctor") / "run")
    patient.local(UP)
    yield patient
    pids = [entry["pid"] for entry in processes(patient).values()]
    patient.local("down")
    assert not [pid for pid in pids if pid and psutil.pid_exists(pid)], "something is left after `down`"


@pytest.fixture(autouse=True)
def well(mesh: Patient) -> None:
    """What the test before broke and repaired may take a moment to be seen well by everybody."""
    until = time.monotonic() + 15
    while (seen := mesh.examined())[0]:
        assert time.monotonic() < until, [finding for finding in seen[1].values() if not finding["ok"]]


def processes(mesh: Patient) -> dict[str, dict[str, Any]]:
    record = json.loads((mesh.run_dir / "processes.json").read_text())
    return {entry["name"]: entry for entry in record["processes"]}


@pytest.mark.parametrize(
    "name",
    ["sentry", "placement", "scheduler", "valkey", "postgres", "airtable-sandbox", "airtable-connector"],
)
def test_a_frozen_process_is_red_until_it_is_thawed(mesh: Patient, name: str) -> None:
    pid = processes(mesh)[name]["pid"]
    os.kill(pid, signal.SIGSTOP)
    red = mesh.red(name)
    assert red["remedy"] == f"kill -CONT {pid}"
    mesh.repaired(red["remedy"], name)


def test_a_frozen_sidecar_is_red_and_named_before_its_app(mesh: Patient) -> None:
    name = "airtable-connector.sidecar"
    pid = processes(mesh)[name]["pid"]
    os.kill(pid, signal.SIGSTOP)
    red = mesh.red(name)
    assert red["remedy"] == f"kill -CONT {pid}"
    mesh.repaired(red["remedy"], "airtable-connector")


def test_a_sidecar_without_a_component_is_red_until_the_mesh_is_started_anew(mesh: Patient) -> None:
    (mesh.run_dir / "components" / "state.yaml").unlink()
    os.kill(processes(mesh)["airtable-connector.sidecar"]["pid"], signal.SIGKILL)
    check = "airtable-connector.sidecar components"
    wait_for(mesh, check)
    red = mesh.red(check)
    assert red["found"] == "not loaded: state"
    mesh.repaired(red["remedy"], check)


def test_a_dead_launcher_is_red_and_the_remedy_clears_what_it_left(mesh: Patient) -> None:
    record = json.loads((mesh.run_dir / "processes.json").read_text())
    os.kill(record["launcher"]["pid"], signal.SIGKILL)
    red = mesh.red("launcher")
    assert "airtable-connector.sidecar" in red["found"]
    mesh.repaired(red["remedy"], "launcher")
    mesh.local(UP)


def test_an_app_that_refuses_its_setting_is_red_with_the_reason(mesh: Patient) -> None:
    mesh.local("down")
    started = mesh.run(
        f".venv/bin/python -m local {UP} --set AIRTABLE_CONNECTOR_AIRTABLE_URL=nowhere --run-dir {mesh.run_dir}"
    )
    assert started.returncode == 1
    red = mesh.red("airtable-connector")
    assert "AIRTABLE_CONNECTOR_AIRTABLE_URL" in red["found"]
    mesh.repaired(red["remedy"], "airtable-connector")


def test_a_clock_that_differs_from_the_data_tiers_is_red(mesh: Patient, tmp_path: Path) -> None:
    """The doctor's process has a clock of its own; the remedy would set everybody's, and is not run."""
    code, findings = Patient(mesh.run_dir, environment=wrong_clock(tmp_path, -60)).examined()
    (red,) = [finding for finding in findings.values() if not finding["ok"]]
    assert (code, red["check"], red["remedy"]) == (1, "clocks", "sudo timedatectl set-ntp true")


def test_an_older_sidecar_than_the_platform_needs_is_red(
    mesh: Patient, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = RunDirectory(mesh.run_dir)
    monkeypatch.setattr("local.dapr_binaries.RUNTIME_VERSION", "1.99.0")
    monkeypatch.setattr("local.dapr_binaries.runtime_version", lambda folder: "1.99.0")
    assert examine(run, as_json=True) == 1
    report = json.loads(capsys.readouterr().out)
    reds = [finding["check"] for finding in report["checks"] if not finding["ok"]]
    assert reds == ["airtable-connector.sidecar version"]


def wait_for(mesh: Patient, check: str) -> None:
    """Until the restarted sidecar answers again, with whatever it has."""
    for _ in range(20):
        if check in mesh.examined()[1]:
            return
    raise AssertionError(f"{check} is never reported")


def test_a_mesh_is_told_by_its_run_directory(mesh: Patient, tmp_path: Path) -> None:
    other = Patient(tmp_path / "other")
    found = other.examined()[1]["launcher"]["found"]
    assert found.startswith("nothing runs; start it:")
