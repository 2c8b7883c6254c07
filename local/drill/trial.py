"""One fault: put it, be the user who meets it, ask the platform why, take it away again."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx

from ..blast.ground import Ground
from . import baselines, injecting
from .faults import Fault
from .injecting import Mesh

_PATIENCE = {"cache-control": "no-store", "x-timeout-ms": "3000"}
_SLOW = 0.8  # s; a user calls a longer answer slow
_SYMPTOM_WITHIN = 8.0  # s to meet a fault at all
_WELL_WITHIN = 60.0  # s until the same request works again


@dataclass(frozen=True)
class Verdict:
    """What the platform says, as told to anybody at its door. `lines`: of its text; `seconds`: until it was there."""

    service: str
    cause: str
    path: list[tuple[str, str]]
    command: str
    lines: int
    seconds: float


@dataclass(frozen=True)
class Trial:
    """`met`: the user saw a symptom (or needed none). `guesses`: what simpler ways to find a culprit say."""

    fault: Fault
    met: bool
    status: int = 0
    trace: str = ""
    verdict: Verdict | None = None
    guesses: dict[str, str] = field(default_factory=dict)


def attempt(mesh: Mesh, connect: Callable[[], httpx.Client], ground: Ground, fault: Fault) -> Trial:
    """Everything is as before when this returns or raises."""
    path = fault.path(ground)
    with connect() as client:
        mesh.until_ready()
        _until_well(client, path, fault)
        marks = baselines.log_sizes(mesh.run)
        with ExitStack() as stack:
            if fault.blind:
                stack.enter_context(injecting.frozen(mesh, "analytics-service"))
            stack.enter_context(fault.put(mesh))
            answer = _meet(client, path, fault)
            if answer is None:
                return Trial(fault, met=False)
            trace = answer.headers.get("x-trace-id", "")
            verdict = _ask(client, trace)
        guesses = {"grep ERROR": baselines.most_errors(mesh.run, marks)}
        mesh.until_ready()
        guesses |= baselines.of_spans(client, trace)
    return Trial(fault, True, answer.status_code, trace, verdict, guesses)


def _until_well(client: httpx.Client, path: str, fault: Fault) -> None:
    """Breakers of the fault before are closed again when the same request works twice."""
    until, good = time.monotonic() + _WELL_WITHIN, 0
    while good < 2 and time.monotonic() < until:
        answer = _get(client, path, {})
        well = answer is not None and answer.status_code < (500 if fault.service == "client" else 400)
        good = good + 1 if well and answer is not None and answer.elapsed.total_seconds() < _SLOW else 0
        time.sleep(0.1)


def _meet(client: httpx.Client, path: str, fault: Fault) -> httpx.Response | None:
    """The first answer with a symptom; None when there was none in time."""
    until = time.monotonic() + _SYMPTOM_WITHIN
    while time.monotonic() < until:
        answer = _get(client, path, dict(fault.headers))
        if answer is None:
            continue
        failed = answer.status_code >= (400 if fault.service == "client" else 500)
        if not fault.service or failed or answer.elapsed.total_seconds() > _SLOW:
            return answer
    return None


def _get(client: httpx.Client, path: str, headers: dict[str, str]) -> httpx.Response | None:
    try:
        return client.get(path, headers={**_PATIENCE, **headers})
    except httpx.HTTPError:
        return None


def _ask(client: httpx.Client, trace: str) -> Verdict | None:
    began = time.monotonic()
    try:
        told: dict[str, Any] = client.get(f"/api/v1/why/{trace}").raise_for_status().json()
        took = time.monotonic() - began
        text = client.get(f"/api/v1/why/{trace}", headers={"accept": "text/plain"}).raise_for_status().text
    except httpx.HTTPError:
        return None
    path = [(hop["name"], hop["state"]) for hop in told["path"]]
    command = told["remedy"]["command"]
    return Verdict(told["service"], told["cause"], path, command, len(text.splitlines()), took)
