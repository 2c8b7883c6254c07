"""`python -m local.drill.inside MODULE …` runs MODULE as `python -m` would, and breaks it from within when it is told.

Only a mesh that was started for it (`up --through local.drill.inside`) has this in its processes; no app knows of it.
What is to be broken is in a file, which is looked at twenty times a second: {"number": 3, "faults": {…}, "environment":
{…}}. The number is written beside it once that is so. `environment` holds for processes that start afterwards.
"""

import asyncio
import contextlib
import gc
import importlib
import json
import os
import queue
import runpy
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .inside_sockets import cut
from .inside_web import Around

_LOOK = 0.05  # s


class Inside:
    """The process's faults: `raise`, `wait` (s), `spin` (s of CPU), `hold` (s of the event loop with each request),
    `block` (s), `skew` (s), `hole` (ports), `drain`, `mute` (module:Class.method, which then does nothing), `answer`
    and `event`; absent is well."""

    def __init__(self, told: Path) -> None:
        self.faults: dict[str, Any] = {}
        self.loop: asyncio.AbstractEventLoop | None = None
        self._told, self._seen = told, ""
        self._held: list[Any] = []
        self._muted: tuple[Any, str, Any] | None = None
        self._clock, self._clock_ns = time.time, time.time_ns

    def look(self) -> None:
        try:
            text = self._told.read_text("utf-8")
        except FileNotFoundError:
            text = '{"number": 0, "faults": {}}'
        if text != self._seen:
            self._seen = text
            order = json.loads(text)
            os.environ.update(order.get("environment", {}) if self.loop is None else {})
            self._put(order["faults"])
            done = self._told.with_suffix(".done")
            done.with_suffix(".new").write_text(str(order["number"]))
            done.with_suffix(".new").replace(done)

    def watch(self) -> None:
        while True:
            time.sleep(_LOOK)
            with contextlib.suppress(OSError):  # its descriptors may be used up: that is a fault too, and ends
                self.look()
            if (seconds := self.faults.get("block")) and self.loop and self.loop.is_running():
                self.loop.call_soon_threadsafe(time.sleep, seconds)
                time.sleep(seconds)

    async def meet(self, endpoint: Callable[..., Any]) -> None:
        """Somebody's request reaches a function of an app."""
        if not self.faults or not getattr(endpoint, "__module__", "").startswith("apps."):
            return
        if "wait" in self.faults:
            await asyncio.sleep(self.faults["wait"])
        if "spin" in self.faults:
            until = time.perf_counter() + self.faults["spin"]
            while time.perf_counter() < until:
                pass
        if "hold" in self.faults:
            time.sleep(self.faults["hold"])  # noqa: ASYNC251  which is what is wrong
        if self.faults.get("raise"):
            raise KeyError(self.faults["raise"])

    def _put(self, faults: dict[str, Any]) -> None:
        before, self.faults = self.faults, faults
        skew = faults.get("skew", 0)
        time.time = lambda: self._clock() + skew if skew else self._clock()
        time.time_ns = lambda: self._clock_ns() + int(skew * 1e9)
        if self.loop is None:
            return
        self._mute(faults.get("mute", ""))
        if ports := faults.get("hole"):
            self.loop.call_soon_threadsafe(cut, ports)
        if faults.get("drain") != before.get("drain"):
            self.loop.call_soon_threadsafe(self._drain, bool(faults.get("drain")))

    def _mute(self, what: str) -> None:
        """Let an asynchronous method do nothing, as a line that somebody deleted; or what it did before."""
        if self._muted:
            setattr(*self._muted)
            self._muted = None
        if what:
            module, _, path = what.partition(":")
            owner_name, _, method = path.partition(".")
            owner = getattr(importlib.import_module(module), owner_name)
            self._muted = owner, method, getattr(owner, method)
            setattr(owner, method, _nothing)

    def _drain(self, away: bool) -> None:
        """Take every connection out of the databases' pools, as code that never gives them back; or return them."""
        from sqlalchemy.pool import QueuePool

        for pool, overflow, records in self._held:
            pool._overflow = overflow
            for record in records:
                pool._pool.put_nowait(record)
        self._held.clear()
        for pool in [one for one in gc.get_objects() if isinstance(one, QueuePool)] if away else []:
            records = []
            with contextlib.suppress(queue.Empty, asyncio.QueueEmpty):
                while True:
                    records.append(pool._pool.get_nowait())
            self._held.append((pool, pool._overflow, records))
            pool._overflow = pool._max_overflow


async def _nothing(*_: Any) -> None:
    pass


def _install(inside: Inside) -> None:
    """Get between the libraries that every app stands on and the app."""
    routing: Any = importlib.import_module("fastapi.routing")
    tokens: Any = importlib.import_module("jwt.api_jwt")
    uvicorn: Any = importlib.import_module("uvicorn")
    uvloop: Any = importlib.import_module("uvloop")
    run, configure, connect = routing.run_endpoint_function, uvicorn.Config.__init__, uvloop.Loop.create_connection

    async def met(*, dependant: Any, values: Any, is_coroutine: bool) -> Any:
        await inside.meet(dependant.call)
        return await run(dependant=dependant, values=values, is_coroutine=is_coroutine)

    def around(self: Any, app: Any, *rest: Any, **options: Any) -> None:
        configure(self, Around(app, inside) if hasattr(app, "router") else app, *rest, **options)

    async def reach(self: Any, factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:
        if port in inside.faults.get("hole", ()):
            await asyncio.sleep(3600)
        return await connect(self, factory, host, port, **options)

    def new_loop() -> Any:
        inside.loop = uvloop.Loop()
        return inside.loop

    class Now(tokens.datetime):  # type: ignore[misc]
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return cls.fromtimestamp(time.time(), tz)

    routing.run_endpoint_function = met
    uvicorn.Config.__init__ = around
    uvloop.Loop.create_connection = reach
    uvloop.new_event_loop = new_loop
    tokens.datetime = Now


def main() -> None:
    del sys.argv[0]
    inside = Inside(Path(os.environ["PLATFORM_RUN_DIR"]) / "drill" / f"{os.environ['APP_ID']}.json")
    inside._told.parent.mkdir(exist_ok=True)
    inside.look()
    _install(inside)
    threading.Thread(target=inside.watch, daemon=True).start()
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
