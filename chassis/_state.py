"""Values with a time to live and an ETag, in the Dapr component `state`: caches, cursors, what can be rebuilt."""

import asyncio
import base64
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, TypeVar, cast, overload
from urllib.parse import quote

import aiohttp
import orjson
from pydantic import BaseModel, TypeAdapter

from . import _dapr
from ._breaker import Breaker
from ._codes import StateConflict, StateUnavailable
from ._context import current_or_none
from ._mesh import Mesh
from ._spans import span

COMPONENT = "state"
WAIT = 1.0  # seconds; a cache slower than this is worse than none
MOST = 100  # keys of one transaction: while it is written, the store does nothing else
T = TypeVar("T")


class State:
    """The app's own keys (Dapr prefixes them with the app-id). Keys must not contain `||`.

    Values go in as bytes or models and come out exactly as they went in: they are stored as text, because a JSON value
    would lose large integers and key order on its way through daprd. A store that failed five times in a row is left
    alone for a moment, so that a request loses 1 s to it at most five times.
    """

    NEW = ""  # as an etag: save only when the key does not exist

    def __init__(self, mesh: Mesh) -> None:
        self._mesh = mesh
        self._breaker = Breaker()
        self._adapters: dict[Any, TypeAdapter[Any]] = {}

    @overload
    async def get(self, key: str, kind: type[bytes] = bytes) -> tuple[bytes, str] | None: ...
    @overload
    async def get(self, key: str, kind: type[T]) -> tuple[T, str] | None: ...
    async def get(self, key: str, kind: type[Any] = bytes) -> tuple[Any, str] | None:
        """(value, etag), or None when there is no such key. Raises StateUnavailable, SidecarUnavailable."""
        status, headers, body = await self._ask("GET", f"/{quote(key, safe='')}")
        if status == 204 or not body:
            return None
        if status != 200:
            raise self._unavailable(f"answered {status}")
        raw = _unpack(orjson.loads(body))
        etag = headers.get("ETag", "").strip('"')
        if kind is bytes:
            return raw, etag
        adapter = self._adapters.get(kind) or self._adapters.setdefault(kind, TypeAdapter(kind))
        return adapter.validate_json(raw), etag

    async def save(self, key: str, value: bytes | BaseModel, *, ttl: timedelta, etag: str | None = None) -> None:
        """Store `value` for `ttl` (whole seconds, at least one).

        With `etag`: only when the key still has it (`State.NEW`: does not exist); raises StateConflict otherwise. Also
        raises StateUnavailable, SidecarUnavailable.
        """
        item = _item(key, value, ttl)
        if etag is not None:
            item["options"] = {"concurrency": "first-write"}
            if etag:
                item["etag"] = etag
        status, _, body = await self._ask("POST", "", orjson.dumps([item]))
        self._check(key, status, body)

    async def transaction(self, values: Mapping[str, bytes | BaseModel | None], *, ttl: timedelta) -> None:
        """Store all of these for `ttl`, at most 100, and remove the keys with None: all of it, or nothing.

        Not for keys that are saved with an `etag`. The store would refuse each such key by itself and write the others
        (Redis undoes nothing); this raises StateConflict then. What has to change together only if nobody else
        changed it is one value, or in the app's database. Also raises ValueError, StateUnavailable, SidecarUnavailable.
        """
        if len(values) > MOST:
            raise ValueError(f"{len(values)} keys in one transaction, {MOST} is the end")
        operations = [
            {"operation": "delete", "request": {"key": key}}
            if value is None
            else {"operation": "upsert", "request": _item(key, value, ttl)}
            for key, value in values.items()
        ]
        status, _, body = await self._ask("POST", "/transaction", orjson.dumps({"operations": operations}))
        self._check(", ".join(values), status, body)

    async def delete(self, key: str, *, etag: str | None = None) -> None:
        """Remove a key; removing what is not there is no error. With `etag`: raises StateConflict when it changed."""
        headers = {"If-Match": etag} if etag else {}
        status, _, body = await self._ask("DELETE", f"/{quote(key, safe='')}", headers=headers)
        self._check(key, status, body)

    async def _ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any, bytes]:
        if not self._breaker.allow():
            raise self._unavailable("failed repeatedly and is left alone for a moment")
        context = current_or_none()
        left = context.remaining() if context else None
        sent = {"content-type": "application/json", **(headers or {})}
        if context:
            sent["traceparent"] = context.traceparent
        healthy: bool | None = None
        try:
            with span("state", {"db.system.name": "dapr", "db.operation.name": method}):
                async with (
                    asyncio.timeout(WAIT if left is None else max(0.0, min(WAIT, left))),
                    self._mesh.session.request(
                        method, self._mesh.url(f"/v1.0/state/{COMPONENT}{path}"), data=body, headers=sent
                    ) as response,
                ):
                    answer = response.status, response.headers, await response.read()
            healthy = answer[0] < 500 or _is_conflict(answer[2])
            return answer
        except aiohttp.ClientConnectorError:
            raise _dapr.sidecar_gone(self._mesh.app_id).error from None
        except TimeoutError:
            healthy = False
            raise self._unavailable("did not answer in time") from None
        except (aiohttp.ClientError, OSError):
            healthy = False
            raise self._unavailable("was lost in the middle of a request") from None
        finally:
            if healthy is None:
                self._breaker.abandoned()
            elif healthy:
                self._breaker.succeeded()
            else:
                self._breaker.failed()

    def _check(self, key: str, status: int, body: bytes) -> None:
        if status < 300:
            return
        if status == 409 or _is_conflict(body):
            raise StateConflict(f"{key} was changed by somebody else.", service=self._mesh.app_id)
        raise self._unavailable(f"answered {status}")

    def _unavailable(self, seen: str) -> StateUnavailable:
        return StateUnavailable(f"The state store {seen}.", service=self._mesh.app_id, headers=_dapr.RETRY_SOON)


def _item(key: str, value: bytes | BaseModel, ttl: timedelta) -> dict[str, Any]:
    raw = value if isinstance(value, bytes) else value.model_dump_json().encode()
    seconds = str(max(1, int(ttl.total_seconds())))
    return {"key": key, "value": _pack(raw), "metadata": {"ttlInSeconds": seconds}}


def _is_conflict(body: bytes) -> bool:
    # Valkey's script refuses a first write to a key that exists without calling it a mismatch.
    return b"etag mismatch" in body or b"user_script" in body


def _pack(raw: bytes) -> str:
    try:
        return "u" + raw.decode()
    except UnicodeDecodeError:
        return "b" + base64.b64encode(raw).decode()


def _unpack(value: Any) -> bytes:
    text = cast(str, value)
    return text[1:].encode() if text[0] == "u" else base64.b64decode(text[1:])
