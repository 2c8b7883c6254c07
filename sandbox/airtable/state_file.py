"""State in a file: every request that changed something, in order, done again at the next start.

Ids, times and secrets follow from the file, so the state is the same to the last byte. A line is written before the
request is answered. The first line is the seed and the key of all signatures. When the lines after it outgrow what they
lead to, a checkpoint takes their place, in a new file that is whole before it gets the old one's name.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from sandbox.airtable import checkpoint
from sandbox.airtable.grants import Grant
from sandbox.airtable.http import Request

if TYPE_CHECKING:
    from sandbox.airtable.state import Sandbox

#: Bytes of lines that no checkpoint is written for.
COMPACT_AFTER = 4 * 1024 * 1024


class InvalidStateFile(ValueError):
    """Says which line cannot be read."""


class StateFile:
    """`lines` is what the file held; a last line without its end was never answered and is cut off.

    `sync`: each line is on the disk before its request is answered, so that a loss of power loses nothing either.
    """

    def __init__(self, path: Path, *, sync: bool = False) -> None:
        self._path, self._sync = path, sync
        self._descriptor = _opened(path)
        content = path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        os.ftruncate(self._descriptor, len(whole))
        if sync:
            _sync_folder(path)
        self._size, self._settled = len(whole), 0
        #: Whether a change is missing in the file, because it could not be written.
        self._lacking = False
        self.lines: list[dict[str, Any]] = []
        for number, line in enumerate(whole.splitlines(keepends=True), start=1):
            try:
                self.lines.append(orjson.loads(line))
                settles = number == 1 or self.lines[-1]["plane"] == checkpoint.PLANE
            except (orjson.JSONDecodeError, TypeError, KeyError):
                self.close()
                raise InvalidStateFile(f"{path}, line {number}: not a line of a state file") from None
            self._settled += len(line) if settles else 0

    def keep(self, line: dict[str, Any], sandbox: Sandbox) -> None:
        """A change that `sandbox` has made already. Raises OSError when the disk is full; nothing is torn then."""
        if self.is_long():
            try:
                return self.rewrite(sandbox)
            except OSError:
                if self._lacking:
                    raise
        try:
            self.append(line)
        except OSError:
            self._lacking = True
            raise

    def append(self, line: dict[str, Any]) -> None:
        content = orjson.dumps(line) + b"\n"
        try:
            _write(self._descriptor, content)
            if self._sync:
                os.fdatasync(self._descriptor)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, self._size)
            raise
        self._size += len(content)

    def is_long(self) -> bool:
        """So a file is never much longer than twice what a checkpoint needs."""
        return self._lacking or self._size - self._settled > max(COMPACT_AFTER, self._settled)

    def rewrite(self, sandbox: Sandbox) -> None:
        """Kill -9 and power loss find the old file or the new one. What is written to the new one is synced always."""
        first = {"key": as_text(sandbox.key), "seed": sandbox.first_seed}
        content = b"".join(orjson.dumps(line) + b"\n" for line in (first, checkpoint.taken(sandbox)))
        new = self._path.with_name(f"{self._path.name}.new")
        descriptor = _opened(new)
        try:
            os.ftruncate(descriptor, 0)
            _write(descriptor, content)
            os.fsync(descriptor)
            new.replace(self._path)
        except OSError:
            os.close(descriptor)
            raise
        os.close(self._descriptor)
        self._descriptor, self._size, self._settled, self._lacking = descriptor, len(content), len(content), False
        _sync_folder(self._path)

    def settle(self, sandbox: Sandbox) -> None:
        """At a clean stop. Where there is no room for a checkpoint the lines stay, and nothing is lost either."""
        if self._lacking or self._size > self._settled:
            with contextlib.suppress(OSError):
                self.rewrite(sandbox)
        self.close()

    def close(self) -> None:
        os.close(self._descriptor)


def line_of(plane: str, drawn: int, at: float, request: Request) -> dict[str, Any]:
    about = {"plane": plane, "drawn": drawn, "at": at, "user": request.grant.user_id, "method": request.method}
    about |= {"integration": request.grant.integration}
    return about | {"segments": request.segments, "query": request.query, "body": as_text(request.body)}


def replay(lines: list[dict[str, Any]], sandbox: Sandbox) -> None:
    """Do again what the lines say, each at its own time."""
    from sandbox.airtable import routes
    from sandbox.airtable.admin import AdminApp

    admin = AdminApp(sandbox)
    for line in lines:
        if line["plane"] == checkpoint.PLANE:
            checkpoint.put_back(line, sandbox)
            continue
        body = as_bytes(line["body"])
        if line["plane"] == "files":
            sandbox.file_arrived(line["base"], line["attachment"], body, line["type"])
            continue
        query = [(key, value) for key, value in line["query"]]
        path = "/" + "/".join(line["segments"])
        grant = Grant(line["user"], integration=line.get("integration"))
        request = Request(line["method"], path, line["segments"], query, {}, body, grant)
        sandbox.clock.freeze(line["at"])
        sandbox.ids.skip_to(line["drawn"])
        if line["plane"] == "admin":
            admin.replay(request)
        else:
            routes.answer(request, sandbox)
    sandbox.clock.real()


def as_text(body: bytes) -> str:
    return base64.b64encode(body).decode() if body else ""


def as_bytes(text: str) -> bytes:
    return base64.b64decode(text)


def _opened(path: Path) -> int:
    """Locked: two simulators that wrote to one file would leave a file that neither can read."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise InvalidStateFile(f"{path} is in use by another simulator") from None
    return descriptor


def _sync_folder(path: Path) -> None:
    """So that the name of the file is on the disk, as its content is."""
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def _write(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]
