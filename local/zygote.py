"""`python -m local.zygote MODULE …`: imports the modules once, then forks a process for each request.

A forked app shares these imports with all others: 22 of them start in a fraction of the time and take half the
memory. If code of ours among them has changed since, the app is executed anew instead: it runs the code of now.

The pipes are the protocol, one JSON object a line:

    in   {"id": 1, "module": "chassis", "arguments": ["api-gateway"], "environment": {…}, "log": "…",
          "directory": "…", "title": "…"}
    out  {"ready": true}    {"id": 1, "pid": 4711}    {"id": 1, "error": "…"}    {"exit": 4711, "code": -9}

Its end ends nothing else: who reads from closed pipes leaves, and what was forked goes on.
"""

import contextlib
import gc
import importlib
import json
import os
import random
import runpy
import select
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import setproctitle

_LARGEST_READ = 1 << 16


@dataclass(frozen=True)
class Job:
    """What a forked child is to become."""

    module: str
    arguments: Sequence[str]
    environment: dict[str, str]
    log: str
    directory: str
    title: str
    cold: bool = False  # what was imported here is no longer what is on disk


class UnsafeForkError(Exception):
    """A fork would copy a thread's locks or share a connection."""


def load(names: Sequence[str]) -> list[str]:
    """Import the modules and freeze their objects out of the collector's sight; what could not be imported.

    That is no reason to stop: an app that needs a broken module will say so in its own log.
    """
    missing = []
    for name in names:
        try:
            importlib.import_module(name)
        except (Exception, SystemExit) as error:  # one app's failure is not to be everybody's
            missing.append(f"{name}: {error}")
    gc.collect()
    gc.freeze()  # a collection in a child would otherwise write to, and so copy, every shared page
    return missing


def own_sources(directory: Path) -> dict[str, int]:
    """The imported files below `directory`, Python's environment apart, with their times of change (ns)."""
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    own = (Path(file) for file in files if file)
    return {
        str(file): file.stat().st_mtime_ns
        for file in own
        if file.is_relative_to(directory) and not file.is_relative_to(sys.prefix)
    }


def changed(sources: Mapping[str, int]) -> bool:
    """Whether one of these files is another now, or gone."""
    try:
        return any(os.stat(file).st_mtime_ns != before for file, before in sources.items())
    except OSError:
        return True


def require_safe_fork() -> None:
    """Raises UnsafeForkError if there is a second thread, Python's or a library's own, or any socket."""
    process = psutil.Process()
    if threading.active_count() > 1 or process.num_threads() > 1:
        names = [thread.name for thread in threading.enumerate()]
        raise UnsafeForkError(f"{process.num_threads()} threads before a fork, of Python's: {names}")
    if sockets := process.net_connections(kind="all"):
        raise UnsafeForkError(f"{len(sockets)} sockets before a fork: {sockets}")


class Zygote:
    """Serves requests until its input ends. In a forked child `serve` returns the job to become."""

    def __init__(self, requests: int, replies: int, sources: Mapping[str, int] | None = None) -> None:
        self._sources = sources or {}
        self._requests, self._replies = requests, replies
        self._woken, self._wake = os.pipe()
        for handle in (self._woken, self._wake):
            os.set_blocking(handle, False)
        self._children: set[int] = set()
        self._unread = b""

    def serve(self) -> Job | None:
        signal.signal(signal.SIGCHLD, lambda *_: None)  # a handler must exist for the wake-up byte to be written
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        self._say({"ready": True})
        while True:
            readable, _, _ = select.select([self._requests, self._woken], [], [])
            if self._woken in readable:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._woken, _LARGEST_READ)
                self._report_ended()
            if self._requests in readable:
                data = os.read(self._requests, _LARGEST_READ)
                if not data:
                    return None
                *lines, self._unread = (self._unread + data).split(b"\n")
                for line in lines:
                    if job := self._fork(json.loads(line)):
                        return job

    def _fork(self, request: dict[str, Any]) -> Job | None:
        number = request.pop("id")
        try:
            job = Job(**request, cold=changed(self._sources))
            require_safe_fork()
            pid = os.fork()
        except (TypeError, OSError, UnsafeForkError) as error:
            self._say({"id": number, "error": str(error)})
            return None
        if pid == 0:
            self._leave()
            return job
        self._children.add(pid)
        self._say({"id": number, "pid": pid})
        return None

    def _leave(self) -> None:
        """In the child: nothing of the zygote's may stay open, or its end would not be noticed."""
        signal.set_wakeup_fd(-1)
        for handle in (self._requests, self._replies, self._woken, self._wake):
            os.close(handle)

    def _report_ended(self) -> None:
        for pid in list(self._children):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                self._children.discard(pid)
                self._say({"exit": pid, "code": os.waitstatus_to_exitcode(status)})

    def _say(self, message: dict[str, Any]) -> None:
        try:
            os.write(self._replies, json.dumps(message).encode() + b"\n")
        except BrokenPipeError:  # the launcher is gone; the end of the requests follows
            return


def become(job: Job) -> None:
    """Turn a freshly forked child into the job's process, and run it as `python -m` would."""
    os.setsid()
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(job.environment)
    time.tzset()
    os.chdir(job.directory)
    log = os.open(job.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(log)
    os.close(nothing)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    if job.cold:
        os.execve(sys.executable, [sys.executable, "-m", job.module, *job.arguments], job.environment)  # noqa: S606
    random.seed()
    setproctitle.setproctitle(job.title)
    sys.path[0] = job.directory
    sys.argv = [job.module, *job.arguments]
    runpy.run_module(job.module, run_name="__main__", alter_sys=True)


def main() -> Job | None:
    """Take the pipes off the standard streams, load, serve. Returns only a child's job, or None at the end."""
    requests, replies = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)  # what a module prints at import must not look like a reply
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    setproctitle.getproctitle()  # it looks for its room in memory once, and needs the original environment for that
    missing = load(sys.argv[1:])
    if missing:
        print(json.dumps({"level": "warning", "event": "zygote.modules-missing", "modules": missing}), flush=True)
    require_safe_fork()
    return Zygote(requests, replies, own_sources(Path.cwd())).serve()


if __name__ == "__main__":
    # The job runs here and not inside the loop: an app's exit then passes through nothing of the zygote's.
    if (own := main()) is not None:
        become(own)
