"""Each check of the machine: broken, red with exit code 1; its remedy run, green."""

import datetime
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from local import dapr_binaries
from local.doctor import examine, line
from local.doctor.finding import Finding
from local.doctor.readings import Readings
from local.options import ROOT
from local.run_dir import RunDirectory
from tests.local.doctoring import Patient, own_mounts, wrong_clock


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    """A run directory in which nothing runs yet, ports far from any other mesh's."""
    run = RunDirectory(tmp_path / "run")
    run.prepare()
    record = {"launcher": {"pid": 1, "started": 0.0}, "offset": 9_000, "processes": []}
    (run.path / "processes.json").write_text(json.dumps(record))
    return Patient(run.path)


class Sick(Readings):
    """This machine with one reading replaced: it is no other Python, and its packages are this test's own."""

    def __init__(self, reading: str, value: object) -> None:
        setattr(self, reading, lambda *_: value)


@pytest.mark.parametrize(
    ("check", "reading", "value", "remedy"),
    [
        ("python", "python_version", (3, 10), "PYTHON=python3.11 setup"),
        ("packages", "has_package", False, "make setup"),
    ],
)
def test_an_installation_that_is_not_fit_is_red_and_green_again(
    patient: Patient, capsys: pytest.CaptureFixture[str], check: str, reading: str, value: object, remedy: str
) -> None:
    run = RunDirectory(patient.run_dir)
    assert examine(run, as_json=True, readings=Sick(reading, value)) == 1
    found = finding(capsys.readouterr().out, check)
    assert not found["ok"]
    assert remedy in found["remedy"]
    assert examine(run, as_json=True) == 0
    assert finding(capsys.readouterr().out, check)["ok"]


def finding(report: str, check: str) -> dict[str, Any]:
    return next(one for one in json.loads(report)["checks"] if one["check"] == check)


def test_a_full_disk_is_red_until_the_printed_remedy_has_emptied_it(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    with own_mounts() as inside:
        patient = Patient(disk / "run", inside=inside)
        filled = patient.run(
            f"mount -t tmpfs -o size=1100m tmpfs {disk} && umask 077 && mkdir -p {patient.run_dir}/logs"
            f" && fallocate -l 120M {patient.run_dir}/logs/huge.log"
        )
        if filled.returncode:
            pytest.skip(f"no disk can be filled here: {filled.stderr}")
        red = patient.red("disk")
        assert f"free for {patient.run_dir}, 1,024 MB needed" in red["found"]
        cleared = patient.run(red["remedy"].partition("go with: ")[2])
        assert cleared.returncode == 0, cleared.stderr
        assert patient.examined()[1]["disk"]["ok"]


def test_a_machine_short_of_memory_is_red_until_there_is_enough(patient: Patient, tmp_path: Path) -> None:
    """What the kernel tells of memory is replaced, as containers do it; nothing of the doctor's is. Its remedy, the end
    of the largest program there is, is not run: that may be anybody's."""
    told = tmp_path / "meminfo"
    if not Path("/proc/meminfo").exists():
        pytest.skip("this kernel tells of memory in another way")
    told.write_text(re.sub(r"MemAvailable: +\d+", "MemAvailable: 102400", Path("/proc/meminfo").read_text()))
    with own_mounts() as inside:
        patient.inside = inside
        if (mounted := patient.run(f"mount --bind {told} /proc/meminfo")).returncode:
            pytest.skip(f"the kernel's word cannot be replaced here: {mounted.stderr}")
        red = patient.red("memory")
        assert red["found"] == "100 MB free, 700 MB needed"
        assert re.search(r"the largest is .+: kill \d+$", red["remedy"])
        assert patient.run("umount /proc/meminfo").returncode == 0
        assert patient.examined()[1]["memory"]["ok"]


def test_a_clock_of_last_year_is_red(patient: Patient, tmp_path: Path) -> None:
    """A clock that only the doctor's process sees; the remedy would set everybody's, and is not run."""
    patient.environment = wrong_clock(tmp_path, -20 * 365 * 86_400)
    assert patient.red("clock")["remedy"] == "sudo timedatectl set-ntp true"
    patient.environment = None
    assert patient.examined()[1]["clock"]["ok"]


@pytest.mark.parametrize("offset", [-1000, 1234, 90_000, "many", None])
def test_a_record_with_ports_no_mesh_can_have_is_red_until_it_is_removed(patient: Patient, offset: object) -> None:
    record = {"launcher": {"pid": 1, "started": 0.0}, "offset": offset, "processes": []}
    (patient.run_dir / "processes.json").write_text(json.dumps(record))
    red = patient.red("run directory")
    assert f"port offset {offset!r}" in red["found"]
    assert patient.run(red["remedy"]).returncode == 0
    assert patient.examined()[1]["run directory"]["ok"]


def test_a_record_that_cannot_be_read_is_red_until_it_is_removed(patient: Patient) -> None:
    (patient.run_dir / "processes.json").write_text("{")
    red = patient.red("run directory")
    assert patient.run(red["remedy"].partition("then: ")[2]).returncode == 0
    assert patient.examined()[1]["run directory"]["ok"]


def test_a_stranger_on_a_port_is_named_and_the_remedy_ends_it(patient: Patient) -> None:
    program = (
        "import socket, time; s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
        "s.bind(('127.0.0.1', 17020)); s.listen(); print('bound', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as stranger:
        assert stranger.stdout is not None
        assert stranger.stdout.readline() == b"bound\n"
        red = patient.red("ports")
        assert f"port 17020 (airtable-connector http) is taken by pid {stranger.pid}" in red["found"]
        assert red["remedy"] == f"kill {stranger.pid}"
        patient.repaired(red["remedy"], "ports")


def test_keys_that_others_can_read_are_closed(patient: Patient) -> None:
    patient.examined()  # the first look makes the keys
    (patient.run_dir / "secrets.json").chmod(0o644)
    red = patient.red("secrets")
    assert str(patient.run_dir / "secrets.json") in red["found"]
    patient.repaired(red["remedy"], "secrets")


@pytest.mark.parametrize("days", [-3, 2])
def test_a_certificate_near_or_past_its_end_is_made_anew(patient: Patient, days: int) -> None:
    folder = patient.run_dir / "ca"
    folder.mkdir()
    (folder / "ca.crt").write_bytes(certificate(days))
    patient.repaired(patient.red("certificates")["remedy"], "certificates")


def test_what_is_no_certificate_is_said(patient: Patient) -> None:
    folder = patient.run_dir / "ca"
    folder.mkdir()
    (folder / "issuer.crt").write_text("garbage")
    red = patient.red("certificates")
    assert "issuer.crt is no certificate" in red["found"]
    patient.repaired(red["remedy"], "certificates")


def certificate(days: int) -> bytes:
    """A self-signed certificate that ends in so many days."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "root")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(days=30))
    made = builder.not_valid_after(now + datetime.timedelta(days=days, hours=1)).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM)


def test_programs_of_dapr_that_are_too_old_are_obtained_anew(patient: Patient, tmp_path: Path) -> None:
    patient.environment = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "DAPR_RUNTIME_PATH": ""}
    kept = tmp_path / "cache" / dapr_binaries.cache_path().relative_to(dapr_binaries.cache_path().parents[2])
    programs = kept / ".dapr" / "bin"
    programs.mkdir(parents=True)
    daprd = programs / "daprd"
    daprd.write_text("#!/bin/sh\necho 1.0.0\n")
    daprd.chmod(0o755)
    red = patient.red("dapr")
    assert red["found"] == f"1.0.0 in {kept}"
    assert "not here yet" in patient.repaired(red["remedy"], "dapr")["found"]


@pytest.fixture
def copy(patient: Patient, tmp_path: Path) -> Patient:
    """A copy of the project whose files may be spoilt."""
    root = tmp_path / "project"
    for folder in ("local", "apps", "config", "components", "contracts", "k8s"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "dapr.yaml", root)
    (root / ".venv").symlink_to(ROOT / ".venv")
    patient.root = root
    return patient


def test_access_rules_that_do_not_follow_from_the_code_are_written_anew(copy: Patient) -> None:
    rules = copy.root / "config" / "dapr" / "airtable-connector.yaml"
    rules.write_text(rules.read_text().replace("deny", "allow", 1))
    red = copy.red("configuration")
    assert "config/dapr/airtable-connector.yaml" in red["found"]
    copy.repaired(red["remedy"], "configuration")


def test_a_run_file_with_an_error_is_named_with_its_line(copy: Patient) -> None:
    run_file = copy.root / "dapr.yaml"
    run_file.write_text("versions: 1\n" + run_file.read_text())
    assert "dapr.yaml:1: versions: unknown key" in copy.red("configuration")["found"]


def test_a_terminal_sees_colours_and_a_pipe_plain_words() -> None:
    bad = Finding("disk", False, "full", "rm -r x")
    assert line(bad, 6, colour=False) == "FAIL  disk    full  →  rm -r x"
    assert line(bad, 6, colour=True).startswith("\x1b[31mFAIL")
    assert line(Finding("disk", True, "empty", "rm -r x"), 6, colour=True) == "\x1b[32mok  \x1b[0m  disk    empty"
