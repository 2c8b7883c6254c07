"""The Dapr state API on a dictionary: ETags, first-write, time to live."""

import time
from collections.abc import Callable
from typing import Any

import orjson
from aiohttp import web

Item = tuple[Any, int, float | None, bool]  # JSON value, ETag, expiry, saved by first-write


class FakeState:
    """What `state` holds. `clock` can be moved by a test to let values expire."""

    def __init__(self) -> None:
        self.clock: Callable[[], float] = time.monotonic
        self.available = True
        self._items: dict[str, Item] = {}
        self._etag = 0

    def keys(self) -> list[str]:
        return sorted(key for key in self._items if self._live(key))

    async def answer(self, request: web.BaseRequest, key: str, body: bytes) -> web.StreamResponse:
        if not self.available:
            return _error(500, "ERR_STATE_GET", f"fail to get {key} from state store state: connection refused")
        if request.method == "POST":
            asked = orjson.loads(body)
            return self._transaction(asked["operations"]) if key == "transaction" else self._save(asked)
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
            if refused := self._put(each, "ERR_STATE_SAVE", "failed saving state in state store state"):
                return refused
        return web.Response(status=204)

    def _transaction(self, operations: list[dict[str, Any]]) -> web.StreamResponse:
        """As with Valkey: what one key refuses undoes none of the others."""
        code, what = "ERR_STATE_TRANSACTION", "error while executing state transaction"
        refused = None
        for each in operations:
            request = each["request"]
            if each["operation"] == "delete":
                self._items.pop(request["key"], None)
            else:
                refused = self._put(request, code, what) or refused
        return refused or web.Response(status=204)

    def _put(self, asked: dict[str, Any], code: str, what: str) -> web.StreamResponse | None:
        """The refusal, if it is one. A key that was once saved by first-write is refused to who brings no ETag."""
        item = self._live(asked["key"])
        first_write = asked.get("options", {}).get("concurrency") == "first-write"
        etag = asked.get("etag")
        if item and not etag and (first_write or item[3]):
            message = f"{what}: failed to set key {asked['key']}: ERR user_script:14"
            return _error(500, code, message)  # as with Valkey: no word of a mismatch
        if first_write and (str(item[1]) != etag if item else bool(etag)):
            return self._mismatch(code, f"{what}: key {asked['key']}")
        seconds = asked.get("metadata", {}).get("ttlInSeconds")
        self._etag += 1
        expiry = self.clock() + float(seconds) if seconds else None
        self._items[asked["key"]] = (asked["value"], self._etag, expiry, first_write or bool(item and item[3]))
        return None

    def _live(self, key: str) -> Item | None:
        item = self._items.get(key)
        return None if item is None or (item[2] is not None and item[2] <= self.clock()) else item

    @staticmethod
    def _mismatch(code: str, what: str) -> web.StreamResponse:
        return _error(409, code, f"{what}: possible etag mismatch. error from state store: mismatch")


def _error(status: int, code: str, message: str) -> web.StreamResponse:
    return web.json_response({"errorCode": code, "message": message}, status=status)
