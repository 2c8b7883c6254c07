"""The admin plane, on a port of its own, for loopback only: seed, reset, inspect, and break things."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import orjson

from sandbox.airtable import outside
from sandbox.airtable.faults import InvalidFault
from sandbox.airtable.http import (
    Receive,
    Request,
    Response,
    Scope,
    Send,
    as_json,
    read_body,
    request_from,
    send_response,
)
from sandbox.airtable.outside import InvalidEdit
from sandbox.airtable.seed import InvalidSeed, read_seed
from sandbox.airtable.state import Sandbox

MAX_SEED_BYTES = 64 * 1024 * 1024
#: 2500-01-01 in Unix seconds; the clock goes no further.
_LAST = 16_725_225_600


#: What a state file keeps of this plane.
LASTING = {
    ("POST", "reset"), ("POST", "seed"), ("POST", "edits"), ("POST", "snapshots"), ("DELETE", "snapshots"),
    ("POST", "restore"),
}  # fmt: skip


class _Refused(Exception):
    def __init__(self, detail: str, status: int = 422) -> None:
        super().__init__(detail)
        self.status = status


class AdminApp:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._routes: dict[tuple[str, str], Callable[[Request], Any]] = {
            ("GET", "healthz"): self._health,
            ("POST", "reset"): self._reset,
            ("POST", "seed"): self._seed,
            ("GET", "requests"): self._requests,
            ("DELETE", "requests"): self._forget_requests,
            ("GET", "faults"): lambda request: {"faults": self._sandbox.faults.shapes()},
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): self._remove_faults,
            ("GET", "limits"): lambda request: self._limits_shape(),
            ("POST", "limits"): self._set_limits,
            ("GET", "clock"): lambda request: self._clock_shape(),
            ("POST", "clock"): self._set_clock,
            ("DELETE", "iterators"): self._expire_iterators,
            ("POST", "edits"): self._edit,
            ("GET", "snapshots"): lambda request: {"snapshots": self._sandbox.snapshots.names()},
            ("POST", "snapshots"): self._take_snapshot,
            ("DELETE", "snapshots"): self._forget_snapshots,
            ("POST", "restore"): self._restore,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = request_from(scope)
        try:
            request.body = await read_body(receive, MAX_SEED_BYTES)
            response = self._answer(request)
        except (_Refused, InvalidSeed, InvalidFault, InvalidEdit) as refusal:
            response = as_json({"detail": str(refusal)}, getattr(refusal, "status", 422))
        await send_response(response, send)

    def _answer(self, request: Request) -> Response:
        name = request.segments[0] if request.segments else ""
        route = self._routes.get((request.method, name))
        if route is None or (len(request.segments) > 1 and name != "faults"):
            known = ", ".join(f"{method} /{path}" for method, path in self._routes)
            raise _Refused(f"no such route; there are {known}", 404)
        lasts = (request.method, name) in LASTING
        with self._sandbox.keeping(request, "admin") if lasts else contextlib.nullcontext():
            return as_json(route(request))

    def replay(self, request: Request) -> None:
        """Do again what a state file says was done."""
        self._routes[request.method, request.segments[0]](request)

    def _health(self, request: Request) -> Any:
        bases = self._sandbox.bases.values()
        return {
            "status": "ok",
            "bases": {base.id: base.name for base in bases},
            "records": sum(len(table.records) for base in bases for table in base.tables.values()),
            "limits": self._sandbox.limiter.settings.enabled,
        }

    def _reset(self, request: Request) -> Any:
        self._sandbox.reset(read_seed(request.body, "request body") if request.body.strip() else None)
        return self._health(request)

    def _seed(self, request: Request) -> Any:
        added = self._sandbox.add(read_seed(request.body, "request body"))
        return {"bases": {base.id: base.name for base in added}}

    def _requests(self, request: Request) -> Any:
        since = dict(request.query).get("since", "0")
        if not (since.isascii() and since.isdecimal() and len(since) < 18):
            raise _Refused("since must be the sequence number of a request")
        return self._sandbox.log.since(int(since))

    def _forget_requests(self, request: Request) -> Any:
        self._sandbox.log.clear()
        return {}

    def _add_fault(self, request: Request) -> Any:
        return self._sandbox.faults.add(_object(request)).shape()

    def _remove_faults(self, request: Request) -> Any:
        if len(request.segments) == 1:
            self._sandbox.faults.clear()
        elif not request.segments[1].isdecimal() or not self._sandbox.faults.remove(int(request.segments[1][:9])):
            raise _Refused("no such fault", 404)
        return {"faults": self._sandbox.faults.shapes()}

    def _set_limits(self, request: Request) -> Any:
        """Only the keys given change; windows and penalties start anew."""
        settings = self._sandbox.limiter.settings
        given = _object(request)
        mode = given.pop("mode", "exact" if settings.enabled else "off")
        if mode not in ("exact", "off"):
            raise _Refused("mode must be exact or off")
        form = given.pop("form", settings.form)
        if form not in ("plural", "singular"):
            raise _Refused("form must be plural or singular")
        for key, value in given.items():
            attribute = _LIMIT_KEYS.get(key)
            if attribute is None:
                raise _Refused(f"unknown key {key}; known are mode, form, {', '.join(_LIMIT_KEYS)}")
            if value is None and key in ("retryAfter", "callsPerMonth"):
                continue
            whole = key != "penaltySeconds"
            if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or value < 0:
                raise _Refused(f"{key} must be a {'whole ' if whole else ''}number, not negative")
        settings.enabled, settings.form = mode == "exact", form
        for key, value in given.items():
            setattr(settings, _LIMIT_KEYS[key], value)
        self._sandbox.limiter.forget()
        return self._limits_shape()

    def _limits_shape(self) -> Any:
        limiter = self._sandbox.limiter
        shape = {key: getattr(limiter.settings, attribute) for key, attribute in _LIMIT_KEYS.items()}
        penalties = limiter.penalties(self._sandbox.clock.seconds())
        mode = "exact" if limiter.settings.enabled else "off"
        return {"mode": mode, "form": limiter.settings.form, **shape, "penalties": penalties}

    def _set_clock(self, request: Request) -> Any:
        clock = self._sandbox.clock
        match _object(request):
            case {"real": True}:
                clock.real()
            case {"freeze": True}:
                clock.freeze()
            case {"freeze": int() | float() as at} if 0 <= at < _LAST:
                clock.freeze(float(at))
            case {"advance": int() | float() as seconds} if 0 <= seconds < _LAST - clock.seconds():
                clock.advance(float(seconds))
            case _:
                raise _Refused('give {"freeze": true or Unix seconds}, {"advance": seconds} or {"real": true}')
        return self._clock_shape()

    def _clock_shape(self) -> Any:
        clock = self._sandbox.clock
        return {"now": clock.milliseconds_text(), "seconds": clock.seconds(), "frozen": clock.frozen}

    def _expire_iterators(self, request: Request) -> Any:
        self._sandbox.iterators.expire_all()
        return {}

    def _edit(self, request: Request) -> Any:
        return outside.edit(_object(request), self._sandbox.bases, self._sandbox.author())

    def _take_snapshot(self, request: Request) -> Any:
        name = _name(request)
        self._sandbox.snapshots.take(name, self._sandbox.bases, self._sandbox.ids.drawn)
        return {"name": name}

    def _forget_snapshots(self, request: Request) -> Any:
        self._sandbox.snapshots.clear()
        return {}

    def _restore(self, request: Request) -> Any:
        try:
            self._sandbox.restore(_name(request))
        except KeyError:
            raise _Refused("no such snapshot", 404) from None
        return self._health(request)


_LIMIT_KEYS = {
    "basePerSecond": "base_per_second",
    "userPerSecond": "user_per_second",
    "penaltySeconds": "penalty_seconds",
    "retryAfter": "retry_after",
    "callsPerMonth": "calls_per_month",
}


def _name(request: Request) -> str:
    match _object(request):
        case {"name": str() as name, **more} if 0 < len(name) <= 100 and not more:
            return name
    raise _Refused('give {"name": a text of up to 100 characters}')


def _object(request: Request) -> dict[str, Any]:
    try:
        content = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        raise _Refused("the body must be JSON", 400) from None
    if not isinstance(content, dict):
        raise _Refused("the body must be a JSON object")
    return content
