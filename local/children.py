"""How processes begin, and how their end is noticed at once: by SIGCHLD, or by the zygote's word."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .operating_system import identity
from .process import Spec
from .run_dir import is_running, start_time

ZYGOTE = "zygote"
_ORPHAN_POLL = 0.05  # s; only for apps whose zygote died, which nobody can wait for


@dataclass
class Child:
    """A started process. `ended` yields the exit code: negative for a signal, None if nobody could see it."""

    pid: int
    started: float | None
    ended: "asyncio.Future[int | None]"


class StartError(Exception):
    """The process could not be started; the text says why."""


class Children:
    """Starts processes for one launcher, on the event loop of the main thread."""

    def __init__(self, logs: Path, directory: Path) -> None:
        self._logs = logs
        self._directory = directory
        self._popen: dict[int, tuple[subprocess.Popen[bytes], asyncio.Future[int | None]]] = {}
        self._zygote: ZygoteLink | None = None
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._reap)

    def close(self) -> None:
        asyncio.get_running_loop().remove_signal_handler(signal.SIGCHLD)
        if self._zygote:
            self._zygote.close()

    def log_of(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    async def start(self, spec: Spec) -> Child:
        """Start a process; one that needs the zygote is forked from it. Raises StartError."""
        if spec.name == ZYGOTE:
            return self._start_zygote(spec)
        if ZYGOTE in spec.needs:
            return await self._fork(spec)
        with self.log_of(spec.name).open("ab") as log:
            return self._execute(spec, stdin=subprocess.DEVNULL, stdout=log, stderr=log)[1]

    def zygote_serves(self) -> bool:
        return self._zygote is not None and self._zygote.serves

    def _execute(self, spec: Spec, **streams: Any) -> tuple[subprocess.Popen[bytes], Child]:
        try:
            process = subprocess.Popen(
                spec.command,
                env=dict(spec.environment),
                cwd=spec.working_directory or self._directory,
                start_new_session=True,  # the terminal's Ctrl-C is the launcher's alone
                **streams,
                **identity(spec.user),
            )
        except OSError as error:
            raise StartError(f"{error.filename or spec.command[0]}: {error.strerror}") from None
        ended = asyncio.get_running_loop().create_future()
        self._popen[process.pid] = process, ended
        return process, Child(process.pid, start_time(process.pid), ended)

    def _reap(self) -> None:
        for pid, (process, ended) in list(self._popen.items()):
            code = process.poll()
            if code is not None:
                del self._popen[pid]
                if not ended.done():
                    ended.set_result(code)

    def _start_zygote(self, spec: Spec) -> Child:
        with self.log_of(spec.name).open("ab") as log:
            process, child = self._execute(spec, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        if self._zygote:
            self._zygote.close()
        self._zygote = ZygoteLink(process)
        return child

    async def _fork(self, spec: Spec) -> Child:
        if self._zygote is None or not self._zygote.serves:
            raise StartError("the zygote does not run")
        _, _, module, *arguments = spec.command
        return await self._zygote.fork(
            {
                "module": module,
                "arguments": arguments,
                "environment": dict(spec.environment),
                "log": str(self.log_of(spec.name)),
                "directory": str(spec.working_directory or self._directory),
                "title": " ".join(spec.command),
            }
        )


class ZygoteLink:
    """The launcher's end of the zygote's pipes."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("the zygote speaks through pipes")
        self.serves = False
        self._process = process
        self._requests = process.stdin
        self._replies = process.stdout.fileno()
        self._asked: dict[int, asyncio.Future[int]] = {}
        self._children: dict[int, Child] = {}
        self._exits: dict[int, int] = {}
        self._orphans: set[asyncio.Task[None]] = set()
        self._unread = b""
        self._number = 0
        os.set_blocking(self._replies, False)
        asyncio.get_running_loop().add_reader(self._replies, self._read)

    async def fork(self, job: dict[str, Any]) -> Child:
        loop = asyncio.get_running_loop()
        self._number += 1
        number, answer = self._number, loop.create_future()
        self._asked[number] = answer
        try:
            self._requests.write(json.dumps({"id": number, **job}).encode() + b"\n")
            self._requests.flush()
            async with asyncio.timeout(5):
                pid = await answer
        except (OSError, TimeoutError) as error:
            raise StartError(f"the zygote did not fork: {error or 'no answer within 5 s'}") from None
        finally:
            self._asked.pop(number, None)
        child = Child(pid, start_time(pid), loop.create_future())
        if pid in self._exits:
            child.ended.set_result(self._exits.pop(pid))
        elif not self.serves:
            self._watch(child)
        else:
            self._children[pid] = child
        return child

    def close(self) -> None:
        """Let the zygote go; what it forked is watched from here on."""
        if not self._process.stdout or self._process.stdout.closed:
            return
        self.serves = False
        asyncio.get_running_loop().remove_reader(self._replies)
        for stream in (self._requests, self._process.stdout):
            with contextlib.suppress(OSError):
                stream.close()
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(OSError("it ended"))
        for child in self._children.values():
            self._watch(child)
        self._children.clear()

    def _read(self) -> None:
        try:
            data = os.read(self._replies, 1 << 16)
        except BlockingIOError:
            return
        if not data:
            self.close()
            return
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            self._take(json.loads(line))

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("ready"):
            self.serves = True
        elif "exit" in message:
            child = self._children.pop(message["exit"], None)
            if child is None:
                self._exits[message["exit"]] = message["code"]  # faster than our own reading of its birth
            elif not child.ended.done():
                child.ended.set_result(message["code"])
        elif (answer := self._asked.get(message["id"])) and not answer.done():
            if "pid" in message:
                answer.set_result(message["pid"])
            else:
                answer.set_exception(OSError(message["error"]))

    def _watch(self, child: Child) -> None:
        task = asyncio.get_running_loop().create_task(_wait_for_orphan(child))
        self._orphans.add(task)
        task.add_done_callback(self._orphans.discard)


async def _wait_for_orphan(child: Child) -> None:
    while is_running(child.pid, child.started):  # noqa: ASYNC110 - the system tells nobody of a stranger's end
        await asyncio.sleep(_ORPHAN_POLL)
    if not child.ended.done():
        child.ended.set_result(None)


def python_module(command: Sequence[str]) -> bool:
    """Whether the command has the form that a zygote can run: `.venv/bin/python -m MODULE …`."""
    return len(command) >= 3 and command[0].endswith("/bin/python") and command[1] == "-m"
