"""The scheduler of a fake sidecar: it keeps jobs, and lets time pass when the test says so."""

from typing import Any

import orjson
from aiohttp import web
from fastapi import FastAPI

from ._client import call


class FakeJobs:
    """`registered[name]` is a job as the app gave it. `available = False` is a scheduler that is away."""

    def __init__(self, app_token: str) -> None:
        self.registered: dict[str, dict[str, Any]] = {}
        self.available = True
        self.asked: list[str] = []  # methods, in order
        self._token = app_token

    async def tick(self, app: FastAPI, name: str) -> bool:
        """It is time for `name`: call `app` as its sidecar does; whether the job was done."""
        headers = [("dapr-api-token", self._token), ("content-type", "application/json"), ("content-length", "0")]
        return (await call(app, "POST", f"/job/{name}", headers, b"")).status == 200

    def answer(self, method: str, name: str, body: bytes) -> web.StreamResponse:
        """What the jobs API answers."""
        self.asked.append(method)
        if not self.available:
            return _error(500, "failed to schedule job due to: rpc error: code = Unavailable")
        if method == "DELETE":
            self.registered.pop(name, None)
            return web.Response(status=204)
        if method == "GET":
            if name not in self.registered:
                return _error(500, f"failed to get job due to: rpc error: code = NotFound desc = job not found: {name}")
            return web.json_response({"name": name, **self.registered[name]})
        wanted = orjson.loads(body)
        if not wanted.pop("overwrite", False) and name in self.registered:
            return _error(409, f"failed to schedule job due to: rpc error: code = AlreadyExists desc = {name}")
        self.registered[name] = wanted
        return web.Response(status=204)


def _error(status: int, message: str) -> web.StreamResponse:
    return web.json_response({"errorCode": "DAPR_SCHEDULER_SCHEDULE_JOB", "message": message}, status=status)
