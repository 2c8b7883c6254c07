"""One app as a process: settings, server, telemetry, signals."""

import asyncio
import contextlib
import difflib
import importlib
import os
import signal
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import NoReturn

import uvicorn
import uvloop
from fastapi import FastAPI

from ._app import Chassis
from ._logs import own_process
from ._protocol import Protocol
from ._settings import AppSettings, ConfigError
from ._spans import announce, taken_by
from ._spans_export import Export

EX_CONFIG = 78  # sysexits.h: something was found in an unconfigured or misconfigured state
# Whoever stops us kills after 5 s: draining, then `stop()` of what the app provides, must both fit.
DRAIN = 3  # seconds
LAG_EVERY = 0.5  # seconds


def main(app_id: str) -> NoReturn:
    """Run one app until SIGTERM or SIGINT. Exits 78, with one line on standard error, when it is configured wrongly."""
    try:
        app = load(app_id)
    except ConfigError as error:
        print(error, file=sys.stderr, flush=True)
        sys.exit(EX_CONFIG)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.exit(runner.run(serve(app)))


def load(app_id: str) -> FastAPI:
    """The app `app_id`, made with the settings in the environment. Raises ConfigError."""
    package = f"apps.{app_id.replace('-', '_')}"
    try:
        settings_module = importlib.import_module(f"{package}.settings")
        app_module = importlib.import_module(f"{package}.app")
    except ModuleNotFoundError as error:
        if not (error.name and f"{package}.app".startswith(error.name)):
            raise  # the app is there and imports something that is not
        names = [p.parent.name.replace("_", "-") for p in Path("apps").glob("*/app.py")]
        close = difflib.get_close_matches(app_id, names, n=1)
        raise ConfigError("APP_ID", f"there is no such app{f'; did you mean {close[0]}?' if close else ''}") from None
    os.environ.setdefault("APP_ID", app_id)
    settings: AppSettings = settings_module.Settings.load()
    app: FastAPI = app_module.create(settings)
    return app


async def serve(app: FastAPI) -> int:
    """Serve `app` and its telemetry until a signal; returns the exit code."""
    chassis: Chassis = app.state.chassis
    settings = chassis.settings
    own_process(chassis.log)
    server = _Server(_config(app, settings.app_host, settings.app_port, lifespan="on"))
    beside = _Server(_config(chassis.telemetry, settings.telemetry_host, settings.telemetry_port, lifespan="off"))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    telemetry = asyncio.create_task(beside.serve())
    lag = asyncio.create_task(_measure_lag(chassis.metrics.lagged))
    beside_it = [lag, asyncio.create_task(_stop_when_refused(chassis, server))]
    if settings.otlp_endpoint:
        export = Export(settings.otlp_endpoint, chassis.metrics.exported)
        taken_by(export.take)
        announce(settings)
        beside_it.append(asyncio.create_task(export.run()))
    try:
        await server.serve()
    except SystemExit as error:  # uvicorn's word for a port it could not bind
        return int(error.code or 1) if isinstance(error.code, int | None) else 1
    finally:
        beside.stop()
        for task in beside_it:
            task.cancel()
        await asyncio.gather(telemetry, *beside_it, return_exceptions=True)
    if chassis.health.refusal:
        print(chassis.health.refusal, file=sys.stderr, flush=True)
        return EX_CONFIG
    return 0 if server.started else 1


async def _measure_lag(observe: Callable[[float], None]) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + LAG_EVERY
        await asyncio.sleep(LAG_EVERY)
        observe(max(0.0, loop.time() - due))


async def _stop_when_refused(chassis: Chassis, server: "_Server") -> None:
    await chassis.health.refused.wait()
    server.stop()


class _Server(uvicorn.Server):
    """Leaves signals to `serve`: two servers share one loop, and the exit code of a drained app is 0."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._stopped = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def main_loop(self) -> None:
        """uvicorn's looks ten times a second whether it should end, and at limits that are not set here."""
        await self._stopped.wait()

    def stop(self) -> None:
        self.should_exit = True
        self._stopped.set()


def _config(app: object, host: str, port: int, lifespan: str) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        host=host,
        port=port,
        loop="none",
        http=Protocol,
        ws="none",
        lifespan=lifespan,  # type: ignore[arg-type]
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=DRAIN,
    )
