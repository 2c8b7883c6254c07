"""One fault: put it, be the user who meets it, ask the platform why, take it away again."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx

from ..blast.ground import Ground
from . import baselines, injecting, next_step
from .faults import Fault
from .injecting import Mesh

_PATIENCE = {"cache-control": "no-store", "x-timeout-ms": "3000"}
_REFUSED = (401, 403, 429)  # a user with a right key is not to blame for these
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
    """`met`: the user saw a symptom (or needed none). `mended`: what the printed command did: "restored", "narrowed" or
    nothing. `guesses`: what simpler ways to find a culprit say."""

    fault: Fault
    met: bool
    status: int = 0
    trace: str = ""
    verdict: Verdict | None = None
    mended: str = ""
    guesses: dict[str, str] = field(default_factory=dict)


def attempt(mesh: Mesh, connect: Callable[[], httpx.Client], ground: Ground, fault: Fault) -> Trial:
    """Everything is as before when this returns or raises."""
    with connect() as client:
        user = User(client, ground, fault)
        mesh.until_ready()
        user.waits_until_well()
        marks = baselines.log_sizes(mesh.run)
        with ExitStack() as stack:
            if fault.blind:
                stack.enter_context(injecting.frozen(mesh, "analytics-service"))
            stack.enter_context(fault.put(mesh))
            if fault.before:
                fault.before(client, ground)
            answer = user.meets()
            if answer is None:
                return Trial(fault, met=False)
            trace = answer.headers.get("x-trace-id", "")
            verdict = _ask(client, trace)
            guesses = {"grep ERROR": baselines.most_errors(mesh.run, marks)}
            mended = ""
            if verdict and fault.service not in ("", "client"):
                mended = next_step.take(mesh.run, verdict.command, fault, user.is_well)
        mesh.until_ready()
        guesses |= baselines.of_spans(client, trace)
    return Trial(fault, True, answer.status_code, trace, verdict, mended, guesses)


@dataclass(frozen=True)
class User:
    """Whoever makes the fault's request."""

    client: httpx.Client
    ground: Ground
    fault: Fault

    def waits_until_well(self) -> None:
        """Breakers of the fault before are closed again when the same request works twice."""
        until, good = time.monotonic() + _WELL_WITHIN, 0
        while good < 2 and time.monotonic() < until:
            good = good + 1 if self.is_well() else 0
            time.sleep(0.1)

    def is_well(self) -> bool:
        answer = self._ask({})
        limit = 500 if self.fault.service == "client" else 400
        return answer is not None and answer.status_code < limit and answer.elapsed.total_seconds() < _SLOW

    def meets(self) -> httpx.Response | None:
        """The first answer with a symptom; None when there was none in time."""
        until = time.monotonic() + _SYMPTOM_WITHIN
        while time.monotonic() < until:
            answer = self._ask(dict(self.fault.headers))
            if answer is None:
                continue
            failed = (
                answer.status_code >= (500 if self.fault.service != "client" else 400) or answer.status_code in _REFUSED
            )
            if not self.fault.service or self.fault.unseen or failed or answer.elapsed.total_seconds() > _SLOW:
                return answer
        return None

    def _ask(self, headers: dict[str, str]) -> httpx.Response | None:
        fault, body = self.fault, self.fault.body
        method = "GET" if body is None else "POST"
        try:
            return self.client.request(
                method,
                fault.path(self.ground),
                headers={**_PATIENCE, **headers},
                json=None if body is None else body(self.ground),
            )
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
