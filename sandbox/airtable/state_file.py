"""State in a file: every request that changed something, in order, done again at the next start.

Ids, times and secrets follow from the file, so the state is the same to the last byte. A line is written before the
request is answered; the death of the process loses no answered write, only a loss of power may (nothing is synced).
"""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from sandbox.airtable.grants import Grant
from sandbox.airtable.http import Request

if TYPE_CHECKING:
    from sandbox.airtable.state import Sandbox


class InvalidStateFile(ValueError):
    """Says which line cannot be read."""


class StateFile:
    """`lines` is what the file held; a last line without its end was never answered and is cut off."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        content = path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        os.ftruncate(self._descriptor, len(whole))
        self.lines: list[dict[str, Any]] = []
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                self.lines.append(orjson.loads(line))
            except orjson.JSONDecodeError:
                raise InvalidStateFile(f"{path}, line {number}: not a line of a state file") from None

    def append(self, line: dict[str, Any]) -> None:
        content = orjson.dumps(line) + b"\n"
        while content:
            content = content[os.write(self._descriptor, content) :]


def line_of(plane: str, drawn: int, at: float, request: Request) -> dict[str, Any]:
    about = {"plane": plane, "drawn": drawn, "at": at, "user": request.grant.user_id, "method": request.method}
    return about | {"segments": request.segments, "query": request.query, "body": as_text(request.body)}


def replay(lines: list[dict[str, Any]], sandbox: Sandbox) -> None:
    """Do again what the lines say, each at its own time."""
    from sandbox.airtable import routes
    from sandbox.airtable.admin import AdminApp

    admin = AdminApp(sandbox)
    for line in lines:
        body = as_bytes(line["body"])
        if line["plane"] == "files":
            base = sandbox.bases.get(line["base"])
            if base is not None:
                sandbox.file_arrived(base, line["attachment"], body, line["type"])
            continue
        query = [(key, value) for key, value in line["query"]]
        path = "/" + "/".join(line["segments"])
        request = Request(line["method"], path, line["segments"], query, {}, body, Grant(line["user"]))
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
