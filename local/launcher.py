"""The long-running process of `up` and `infra`: starts the mesh, keeps it, tells what happens, ends it."""

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from . import control_socket, rendering
from .credentials import Credentials
from .errors import SetupError
from .mesh import Mesh, explain
from .options import Options
from .run_dir import Entry, Record, start_time
from .supervisor import NotReadyError

_GATEWAY, _USUAL_GATEWAY_PORT = "api-gateway", 8000
READY, INCOMPLETE, IMPOSSIBLE = 0, 1, 2  # exit codes
Say = Callable[[str], None]


class Launcher:
    """One launcher process. `say` shows a line to whoever started it."""

    def __init__(self, options: Options, credentials: Credentials, binaries: Path, say: Say) -> None:
        self._options = options
        self._credentials = credentials
        self._binaries = binaries
        self._say = say
        self._began = time.monotonic()
        self._settled = False
        self._ended = asyncio.Event()
        self._write_pending = False
        self._me = {"pid": os.getpid(), "started": start_time(os.getpid()), **options.fingerprint}
        self._log: TextIO = (options.run.logs / "launcher.log").open("a", encoding="utf-8", buffering=1)
        self._mesh = Mesh(options, credentials, binaries, self._changed)
        self._scaling = asyncio.Lock()

    async def run(self, settled: Callable[[int], None]) -> int:
        """Live until a signal, or until it is clear that nothing can run. An exit code.

        `settled` is called once with READY or INCOMPLETE, as soon as it is known which.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._ended.set)
        server = await control_socket.listen(self._options.run.control_socket, self._answer)
        self._write_record()
        starting = asyncio.create_task(self._start())
        ending = asyncio.create_task(self._ended.wait())
        code = 0
        try:
            await asyncio.wait([starting, ending], return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                code = starting.result()
                if code in (READY, INCOMPLETE):
                    settled(code)
                    await ending
        finally:
            for task in (starting, ending):
                task.cancel()
            await asyncio.gather(starting, ending, return_exceptions=True)
            server.close()
            self._options.run.control_socket.unlink(missing_ok=True)
            left = await self._stop()
        return 1 if left else code

    async def _start(self) -> int:
        """READY, INCOMPLETE (an app is missing, the rest runs) or IMPOSSIBLE."""
        try:
            await self._mesh.start()
        except SetupError as error:
            self._say(str(error))
            return IMPOSSIBLE
        except NotReadyError as error:
            for line in explain(error, self._mesh):
                self._say(line)
            self._settled = True
            apps = {entry.name for entry in self._mesh.supervisor.entries if entry.kind in ("app", "sidecar")}
            if not apps.issuperset(error.names):
                return IMPOSSIBLE
            self._write_files()
            self._say("The rest runs, and what failed is tried again. Look: make status. Stop all: make down.")
            return INCOMPLETE
        self._settled = True
        self._write_files()
        self._tell_it_is_up()
        return READY

    def _write_files(self) -> None:
        plan = self._options.plan
        port = plan.app(_GATEWAY).port if _GATEWAY in plan.app_ids else _USUAL_GATEWAY_PORT
        rendering.write_client_file(self._options, self._credentials, port)
        if self._options.usual_place:
            rendering.write_environment_file(self._options, self._credentials, self._binaries)

    def _tell_it_is_up(self) -> None:
        options, say = self._options, self._say
        what = "Data tier and control plane are" if options.infra_only else "The platform is"
        say(f"{what} up after {time.monotonic() - self._began:.1f} s.")
        if not options.infra_only and _GATEWAY in options.app_ids:
            say(f"  platform  http://127.0.0.1:{options.plan.app(_GATEWAY).port + options.offset}")
        say(f"  key       {self._credentials.development_key}  (also in {options.run.client_file})")
        if options.real_airtable:
            rights = "writes are allowed" if options.writes_allowed else "READ-ONLY; to write: up --allow-writes"
            say(f"  Airtable  the real one, with the token in AIRTABLE_TOKEN; {rights}")
        else:
            say("  Airtable  simulated, writes are allowed; for the real one set AIRTABLE_TOKEN")
        if options.infra_only and options.usual_place:
            say(f"  next      . {options.run.environment_file} && dapr run -f dapr.yaml")

    async def _stop(self) -> list[Entry]:
        self._say("Stopping.")
        self._settled = False
        left = await self._mesh.stop()
        self._write_record()
        for entry in left:
            self._say(f"{entry.name} (pid {entry.pid}) does not end and may not be killed hard: look at its log")
        self._say("Nothing runs any more." if not left else "The rest is stopped.")
        return left

    def _changed(self, entry: Entry) -> None:
        self._log.write(json.dumps(_log_line(entry)) + "\n")
        if self._settled:
            self._say(f"{datetime.now():%H:%M:%S} {told(entry)}")
        elif entry.state == "ready":
            self._say(f"  {time.monotonic() - self._began:5.2f} s  {entry.name}")
        elif entry.state == "failed":
            self._say(f"  {time.monotonic() - self._began:5.2f} s  {told(entry)}")
        if not self._write_pending:  # many changes of one moment are one write
            self._write_pending = True
            asyncio.get_running_loop().call_soon(self._write_record)

    def _write_record(self) -> None:
        self._write_pending = False
        self._options.run.write_record(Record(self._me, self._options.offset, self._mesh.supervisor.entries))

    async def _answer(self, question: dict[str, Any]) -> dict[str, Any]:
        if question["do"] not in ("scale", "restart"):
            raise SetupError(f"unknown request {question['do']!r}")
        if not self._settled:
            raise SetupError("the mesh is still starting: try again when `make status` shows it ready")
        async with self._scaling:
            try:
                if question["do"] == "restart":
                    return {"changed": await self._mesh.restart(question["app"])}
                return {"changed": await self._mesh.scale(question["app"], question["count"])}
            except NotReadyError as error:
                return {"error": "\n".join(explain(error, self._mesh))}


def told(entry: Entry) -> str:
    """A change of state in words."""
    if entry.state == "ready":
        return f"{entry.name} is ready"
    if entry.state == "starting":
        return f"{entry.name} starts, pid {entry.pid}"
    if entry.state == "stopped":
        return f"{entry.name} is stopped"
    ended = entry.last_exit or {}
    how = f"signal {signal.Signals(ended['signal']).name}" if ended.get("signal") else f"exit code {ended.get('code')}"
    why = f": {ended['line']}" if ended.get("line") else ""
    verb = "refuses its configuration" if entry.state == "failed" else f"ended ({how})"
    return f"{entry.name} {verb}{why}"


def _log_line(entry: Entry) -> dict[str, Any]:
    line: dict[str, Any] = {
        "timestamp": datetime.now().astimezone().isoformat(),
        "level": "error" if entry.state in ("backoff", "failed") else "info",
        "event": f"process.{entry.state}",
        "process": entry.name,
        "pid": entry.pid,
        "restarts": entry.restarts,
    }
    if entry.state in ("backoff", "failed"):
        line["last_exit"] = entry.last_exit
    return line
