"""The Dapr state API on a dictionary: ETags, first-write, time to live."""

import time
from collections.abc import Callable
from typing import Any

import orjson
from aiohttp import web


class FakeState:
    """What `state` holds: key → (JSON value, etag, expiry). `clock` can be moved by a test to let values expire."""

    def __init__(self) -> None:
        self.clock: Callable[[], float] = time.monotonic
        self.available = True
        self._items: dict[str, tuple[Any, int, float | None]] = {}
        self._etag = 0

    def keys(self) -> list[str]:
        return sorted(key for key in self._items if self._live(key))

    async def answer(self, request: web.BaseRequest, key: str, body: bytes) -> web.StreamResponse:
        if not self.available:
            return _error(500, "ERR_STATE_GET", f"fail to get {key} from state store state: connection refused")
        if request.method == "POST":
            return self._save(orjson.loads(body))
        item = self._live(key)
        if request.method == "DELETE":
            etag = request.headers.get("If-Match", "").strip('"')
            if etag and (item is None or str(item[1]) != etag):
                return self._mismatch("ERR_STATE_DELETE", f"failed deleting state with key {key}")
            self._items.pop(key, None)
            return web.Response(status=204)
        if item is None:
            return web.Response(status=204)
        headers = {"Etag": str(item[1]), "content-type": "application/json"}
        return web.Response(body=orjson.dumps(item[0]), headers=headers)

    def _save(self, items: list[dict[str, Any]]) -> web.StreamResponse:
        for each in items:
            item = self._live(each["key"])
            first_write = each.get("options", {}).get("concurrency") == "first-write"
            etag = each.get("etag")
            if first_write and item and not etag:
                message = (
                    f"failed saving state in state store state: failed to set key {each['key']}: ERR user_script:14"
                )
                return _error(500, "ERR_STATE_SAVE", message)  # as with Valkey: no word of a mismatch
            if first_write and (str(item[1]) != etag if item else bool(etag)):
                return self._mismatch("ERR_STATE_SAVE", f"failed saving state in state store state: key {each['key']}")
            seconds = each.get("metadata", {}).get("ttlInSeconds")
            self._etag += 1
            expiry = self.clock() + float(seconds) if seconds else None
            self._items[each["key"]] = (each["value"], self._etag, expiry)
        return web.Response(status=204)

    def _live(self, key: str) -> tuple[Any, int, float | None] | None:
        item = self._items.get(key)
        return None if item is None or (item[2] is not None and item[2] <= self.clock()) else item

    @staticmethod
    def _mismatch(code: str, what: str) -> web.StreamResponse:
        return _error(409, code, f"{what}: possible etag mismatch. error from state store: mismatch")


def _error(status: int, code: str, message: str) -> web.StreamResponse:
    return web.json_response({"errorCode": code, "message": message}, status=status)
