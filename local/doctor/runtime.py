"""Checks of a running mesh: every process answers, and answers as what it should be."""

import asyncio
import json
import os
import re
import shlex
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import yaml

from .. import dapr_binaries, data_tier, databases, loopback, valkey_server
from ..brokers import OWN_SERVERS, Bus
from ..credentials import Credentials
from ..errors import SetupError
from ..launcher import told
from ..mesh import CONTROL_PLANE
from ..options import ROOT, Options
from ..process import Spec
from ..run_dir import Entry, Record
from ..specs import Specs, sidecar_name
from .finding import Commands, Finding
from .readings import Readings

_CLOCKS_DIFFER = 2.0  # s


class Runtime:
    """One running mesh, as its record describes it."""

    def __init__(self, options: Options, record: Record, credentials: Credentials, commands: Commands) -> None:
        self._options = options
        self._entries = {entry.name: entry for entry in record.processes}
        self._credentials = credentials
        self._commands = commands
        self._specs = Specs(ROOT, options.run, record.offset, credentials, Path(), options.settings, options.plan)
        self._offset = record.offset

    async def checks(self, readings: Readings) -> AsyncIterator[Finding]:
        for spec in self._servers():
            yield await self._answers(spec)
        async for finding in self._external_servers():
            yield finding
        theirs = await self._data_tiers_time()
        if theirs is not None:
            apart = abs(readings.now() - theirs)
            found = f"this clock and the data tier's are {apart:.1f} s apart"
            yield Finding("clocks", apart <= _CLOCKS_DIFFER, found, "sudo timedatectl set-ntp true")
        for entry in self._entries.values():
            if entry.kind == "app":
                async for finding in self._app(entry):
                    yield finding

    def _servers(self) -> list[Spec]:
        run = self._options.run.path
        specs = [make(run, self._offset, Path()) for make in CONTROL_PLANE]
        specs += [data_tier.valkey(run, self._offset, self._credentials)]
        specs += [data_tier.postgres(run, self._offset, self._credentials), self._specs.sandbox()]
        if not self._entries.keys().isdisjoint(OWN_SERVERS):
            specs += Bus.read(ROOT).own_server(run, self._offset, self._credentials, {})
        return [spec for spec in specs if spec.name in self._entries]

    async def _answers(self, spec: Spec) -> Finding:
        if await spec.ready():
            return Finding(spec.name, True, "answers")
        return self._silent(spec.name, self._entries[spec.name])

    async def _external_servers(self) -> AsyncIterator[Finding]:
        for name, setting, require in (
            ("valkey", "REDIS_URL", valkey_server.require_redis),
            ("postgres", "DATABASE_URL", databases.require_administrator),
        ):
            url = self._options.environment.get(setting)
            if name not in self._entries and url:
                try:
                    await require(url)
                    yield Finding(setting, True, "answers")
                except SetupError as error:
                    yield Finding(setting, False, str(error), f"start that server, or: unset {setting}")

    async def _data_tiers_time(self) -> float | None:
        """What Redis' TIME says (Unix seconds); None if it does not answer, which another check tells."""
        host, _, port = self._credentials.redis_host.rpartition(":")
        try:
            async with asyncio.timeout(0.9):
                reader, writer = await asyncio.open_connection(host, int(port))
                try:
                    password = self._credentials.redis_password.encode()
                    login = b"*2\r\n$4\r\nAUTH\r\n$%d\r\n%b\r\n" % (len(password), password) if password else b""
                    writer.write(login + b"*1\r\n$4\r\nTIME\r\n")
                    lines = [await reader.readline() for _ in range(6 if login else 5)]
                finally:
                    writer.close()
            return int(lines[-3]) + int(lines[-1]) / 1e6
        except (OSError, TimeoutError, ValueError):
            return None

    async def _app(self, entry: Entry) -> AsyncIterator[Finding]:
        app = self._options.plan.app(entry.app_id or "")
        sidecar = self._entries[sidecar_name(entry.name)]
        token = self._credentials.dapr_api_token(app.app_id)
        answer = await loopback.get(sidecar.ports["http"], "/v1.0/metadata", {"dapr-api-token": token})
        if answer is None or answer.status != 200:
            yield self._silent(sidecar.name, sidecar)
            return
        metadata = json.loads(answer.body)
        yield self._version(sidecar.name, metadata)
        yield self._components(sidecar.name, metadata)
        if await self._specs.app(app, entry.replica).ready():
            yield Finding(entry.name, True, "answers through its sidecar")
        else:
            yield self._silent(entry.name, entry)

    def _version(self, name: str, metadata: Mapping[str, Any]) -> Finding:
        version = str(metadata.get("runtimeVersion", "unknown"))
        right = _numbers(version) >= _numbers(dapr_binaries.RUNTIME_VERSION)
        return Finding(f"{name} version", right, f"Dapr {version}", self._commands.again)

    def _components(self, name: str, metadata: Mapping[str, Any]) -> Finding:
        loaded = {component["name"] for component in metadata.get("components", [])}
        missing = sorted(expected_components() - loaded)
        found = f"not loaded: {', '.join(missing)}" if missing else f"loaded {', '.join(sorted(loaded))}"
        return Finding(f"{name} components", not missing, found, self._commands.again)

    def _silent(self, check: str, entry: Entry) -> Finding:
        """Why nobody answers, and what brings it back."""
        if entry.state == "failed":
            return Finding(check, False, told(entry), f"correct that setting, then: {self._commands.again}")
        if entry.pid is None or not entry.runs:
            log = shlex.quote(str(self._options.run.logs / f"{entry.name}.log"))
            return Finding(check, False, f"{told(entry)}; its log: {log}", self._commands.again)
        if psutil.Process(entry.pid).status() == psutil.STATUS_STOPPED:
            return Finding(check, False, f"pid {entry.pid} is frozen", f"kill -CONT {entry.pid}")
        gently = "" if entry.grace is None else "-9 "  # the scheduler may not be killed hard
        return Finding(check, False, f"pid {entry.pid} does not answer", f"kill {gently}{entry.pid}")


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)[:3]]


def expected_components() -> set[str]:
    """The names of what `components/` describes for every app."""
    documents = (yaml.safe_load(path.read_text("utf-8")) for path in (ROOT / "components").glob("*.yaml"))
    return {document["metadata"]["name"] for document in documents if document["kind"] == "Component"}


def own_pids(record: Record) -> set[int]:
    """Every process of the mesh: the launcher, what it recorded, and what those started."""
    pids = {record.launcher["pid"], os.getpid()}
    for entry in record.processes:
        if entry.pid and entry.runs:
            pids.add(entry.pid)
            pids |= {child.pid for child in psutil.Process(entry.pid).children(recursive=True)}
    return pids
