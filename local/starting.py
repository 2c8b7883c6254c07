"""`up` and `infra`: what is checked before anything starts, and the choice between this terminal and a daemon."""

import asyncio
import os
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path

from . import dapr_binaries, log_files, ports, stopping
from .brokers import Bus
from .credentials import Credentials
from .errors import SetupError
from .launcher import IMPOSSIBLE, Launcher
from .mesh import READY_WITHIN, planned_ports
from .options import ROOT, Options, airtable_tokens
from .run_dir import Record, RunDirectory

_END_OF_NEWS = "\x04"  # the daemon's last line to its starter: this and an exit code


def start(options: Options, *, detach: bool) -> int:
    """Bring the mesh up; with `detach` return once it is, else stay until it is stopped. An exit code."""
    run = options.run
    run.prepare()
    lock = run.lock()
    if lock is None:
        return _already_started(options)
    clear_leftovers(run)
    credentials = Credentials.load_or_create(run.path)
    credentials.set_airtable_token(options.environment.get("AIRTABLE_TOKEN") or None)
    credentials.set_airtable_connections(airtable_tokens(options.environment))
    planned = planned_ports(options, credentials)
    ports.until_rested(planned, _say)
    ports.require_free(planned)
    binaries = dapr_binaries.obtain(with_cli=options.infra_only, components=Bus.read(ROOT).dapr_components, say=_say)
    log_files.rotate(run.logs)
    if detach:
        return _in_background(options, credentials, binaries)
    return asyncio.run(_launch(options, credentials, binaries))


def clear_leftovers(run: RunDirectory) -> list[str]:
    """Stop what a killed launcher left, told by recorded pid and start time; the names. The lock is ours."""
    record = run.read_record()
    if record is None:
        return []
    left = [entry for entry in record.processes if entry.runs]
    if left:
        _say(f"Stopping {len(left)} processes that an earlier launcher left: {', '.join(e.name for e in left)}")
        if stubborn := stopping.stop_all(left):
            names = ", ".join(f"{entry.name} (pid {entry.pid})" for entry in stubborn)
            raise SetupError(f"these do not end: {names}")
    return [entry.name for entry in left]


async def _launch(options: Options, credentials: Credentials, binaries: Path, daemon: "Daemon | None" = None) -> int:
    launcher = Launcher(options, credentials, binaries, _say)
    return await launcher.run(daemon.settled if daemon else lambda code: None)


def _already_started(options: Options) -> int:
    """Another launcher holds this run directory: that is fine if it runs what is asked for."""
    deadline = time.monotonic() + READY_WITHIN
    record = None
    while time.monotonic() < deadline:
        record = options.run.read_record()
        if record and record.launcher_runs and all(e.state in ("ready", "failed") for e in record.processes):
            break
        time.sleep(0.1)
    if record is None:
        raise SetupError(f"another launcher holds {options.run.path} and does not get ready")
    wanted = options.fingerprint
    differing = [name for name, value in wanted.items() if record.launcher.get(name) != value]
    if differing:
        raise SetupError(
            f"it runs already (pid {record.launcher['pid']}) with other options ({', '.join(differing)}). "
            "Stop it first: make down"
        )
    return _told_state(record)


def _told_state(record: Record) -> int:
    unready = [entry.name for entry in record.processes if entry.state != "ready"]
    _say(f"It runs already (pid {record.launcher['pid']}), {len(record.processes)} processes.")
    if unready:
        _say(f"Not ready: {', '.join(unready)}. Look: make status")
    return 1 if unready else 0


class Daemon:
    """The forked launcher's side of the pipe to its starter."""

    def __init__(self, log: Path) -> None:
        self._log = log

    def settled(self, code: int) -> None:
        """Tell the starter the outcome; from here on, news go to the log only."""
        with suppress(OSError):
            print(f"{_END_OF_NEWS}{code}", flush=True)
        self._to_log()

    def _to_log(self) -> None:
        log = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)


def _in_background(options: Options, credentials: Credentials, binaries: Path) -> int:
    """Fork the launcher into a session of its own, show its news until it has settled."""
    news, telling = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        os.close(telling)
        return _shown(news, pid)
    code = IMPOSSIBLE
    try:
        os.setsid()
        os.close(news)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (telling, 1), (telling, 2)):
            os.dup2(source, target)
        os.close(nothing)
        os.close(telling)
        daemon = Daemon(options.run.logs / "launcher.out.log")
        code = asyncio.run(_launch(options, credentials, binaries, daemon))
    except SetupError as error:
        _say(str(error))
    except Exception:
        traceback.print_exc()
    finally:
        with suppress(OSError):
            sys.stdout.flush()
        os._exit(code)  # never back into the starter's code


def _shown(news: int, pid: int) -> int:
    outcome = None
    with os.fdopen(news, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith(_END_OF_NEWS):
                outcome = int(line[1:])
                if outcome == 0:
                    return 0
                break
            _say(line.rstrip("\n"))
        else:
            _, status = os.waitpid(pid, 0)
            return os.waitstatus_to_exitcode(status) or 1
    return outcome


def _say(line: str) -> None:
    with suppress(OSError):  # the terminal may be gone; the mesh stays
        print(line, flush=True)
