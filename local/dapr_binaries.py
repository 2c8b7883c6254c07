"""Dapr's programs on this machine: found, else downloaded, else built; kept for the next run."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from . import dapr_release
from .dapr_build import DISK_NEEDED, GoBuild
from .errors import SetupError
from .operating_system import go_platform
from .progress import Progress

RUNTIME_VERSION = "1.18.3"  # older ones die of an event whose traceparent is a number
CLI_VERSION = "1.16.5"
PROGRAMS = ["daprd", "placement", "scheduler", "sentry"]

# What the platform's components need, named as in dapr's cmd/daprd/components.
SLIM = (
    "bindings_cron",
    "configuration_redis",
    "middleware_http_bearer",
    "nameresolution_mdns",
    "nameresolution_sqlite",
    "pubsub_in-memory",
    "pubsub_redis",
    "secretstores_kubernetes",
    "secretstores_local_env",
    "secretstores_local_file",
    "state_in-memory",
    "state_postgres",
    "state_redis",
    "state_sqlite",
)
OTHER_BUSES = ("pubsub_jetstream", "pubsub_kafka")  # built in only for who asks for them


def obtain(*, with_cli: bool = False, components: Sequence[str] = SLIM, say: Callable[[str], None] = print) -> Path:
    """The folder (in the sense of DAPR_RUNTIME_PATH) whose `.dapr/bin` holds daprd and the control plane.

    With `with_cli` it holds the `dapr` command too. Blocks: up to 6 minutes the first time, milliseconds and
    no network afterwards. Raises SetupError with the remedy.
    """
    progress = Progress(say)
    installed = _installed(with_cli, progress)
    if installed:
        return installed
    kept = cache_path(components)
    if _complete(kept, with_cli):
        return kept
    with _only_one(kept, progress):
        if not _complete(kept, with_cli=False):
            _keep(_runtime, kept, components, progress)
        if with_cli and not _complete(kept, with_cli):
            _keep(_cli, kept, components, progress)
    progress.note(f"Dapr {RUNTIME_VERSION} is ready in {kept}")
    return kept


def cache_path(components: Sequence[str] = SLIM) -> Path:
    """Where the programs of this version with this set of components are kept, outside any checkout."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    chosen = " ".join([*go_platform(), *sorted(components)])
    digest = hashlib.sha256(chosen.encode()).hexdigest()[:12]
    return base.absolute() / "pyairtable-platform" / "dapr" / f"{RUNTIME_VERSION}-{digest}"


def runtime_version(folder: Path) -> str | None:
    """What `daprd --version` of this folder says; None if there is none that runs."""
    try:
        command = [str(folder / ".dapr" / "bin" / "daprd"), "--version"]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, env={})
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() or None


def _installed(with_cli: bool, progress: Progress) -> Path | None:
    """An installation of the person's own that is complete and new enough."""
    own = os.environ.get("DAPR_RUNTIME_PATH")
    for folder in [Path(own).absolute(), Path.home()] if own else [Path.home()]:
        if not (folder / ".dapr" / "bin" / "daprd").exists():
            continue
        version = runtime_version(folder)
        if version is None or _numbers(version) < _numbers(RUNTIME_VERSION):
            reason = f"it is {version or 'not runnable'}, at least {RUNTIME_VERSION} is needed"
        elif not _complete(folder, with_cli):
            missing = [name for name in _names(with_cli) if not (folder / ".dapr" / "bin" / name).exists()]
            reason = f"it lacks {', '.join(missing)}"
        else:
            return folder
        progress.note(f"passing over the Dapr in {folder / '.dapr'}: {reason}")
    return None


def _numbers(version: str) -> tuple[int, ...]:
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", version)
    return tuple(map(int, found.groups())) if found else (0,)


def _names(with_cli: bool) -> list[str]:
    return PROGRAMS + ["dapr"] * with_cli


def _complete(folder: Path, with_cli: bool) -> bool:
    return all(os.access(folder / ".dapr" / "bin" / name, os.X_OK) for name in _names(with_cli))


@contextmanager
def _only_one(kept: Path, progress: Progress) -> Iterator[None]:
    """Two runs do not build twice: the second waits and finds the work done. A dead run's lock is free."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    with (kept.parent / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with progress.step("another run is obtaining Dapr: waiting for it"):
                fcntl.flock(lock, fcntl.LOCK_EX)
        for abandoned in kept.parent.glob(".scratch-*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        yield


Obtain = Callable[[Path, Path, Sequence[str], Progress], None]


def _keep(work: Obtain, kept: Path, components: Sequence[str], progress: Progress) -> None:
    """Let `work` fill a scratch folder on the same disk, then move its programs into place one by one."""
    scratch = Path(tempfile.mkdtemp(dir=kept.parent, prefix=".scratch-"))
    try:
        programs = scratch / "bin"
        programs.mkdir()
        work(programs, scratch, components, progress)
        target = kept / ".dapr" / "bin"
        target.mkdir(parents=True, exist_ok=True)
        for program in programs.iterdir():
            if program.name in _names(with_cli=True):  # and not what a broken download left
                program.replace(target / program.name)
    finally:
        with progress.step("removing what the build needed"):
            shutil.rmtree(scratch, ignore_errors=True)


def _runtime(programs: Path, scratch: Path, components: Sequence[str], progress: Progress) -> None:
    progress.note(f"obtaining Dapr {RUNTIME_VERSION} (once; later runs find it)")
    try:
        dapr_release.download("dapr", RUNTIME_VERSION, PROGRAMS, programs, progress)
    except dapr_release.Unavailable as error:
        progress.note(f"no release can be downloaded ({error}); building from Go modules")
        _require_disk(scratch)
        GoBuild(scratch, progress).runtime(RUNTIME_VERSION, components, programs)


def _cli(programs: Path, scratch: Path, components: Sequence[str], progress: Progress) -> None:
    progress.note(f"obtaining the Dapr CLI {CLI_VERSION} (once; later runs find it)")
    try:
        dapr_release.download("cli", CLI_VERSION, ["dapr"], programs, progress)
    except dapr_release.Unavailable as error:
        progress.note(f"no release can be downloaded ({error}); building from Go modules")
        _require_disk(scratch)
        GoBuild(scratch, progress).cli(CLI_VERSION, programs)


def _require_disk(scratch: Path) -> None:
    free = shutil.disk_usage(scratch).free
    if free < DISK_NEEDED:
        raise SetupError(
            f"building Dapr needs {DISK_NEEDED // 1024**3} GB in {scratch.parent}, {free / 1024**3:.1f} GB are "
            "free. Make room, or name a roomier folder: export XDG_CACHE_HOME=<folder>"
        )
