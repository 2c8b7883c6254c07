"""What is broken, what a user asks meanwhile, and the truth, which nobody is told before the verdict."""

import random
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from ..blast.ground import Ground
from . import injecting
from .injecting import Mesh

Break = Callable[[Mesh], AbstractContextManager[None]]

# A request that needs this app: an app without one fails a test.
ASKED: dict[str, Callable[[Ground], str]] = {
    "airtable-connector": lambda ground: f"{ground.read}?page_size=1",
    "analytics-service": lambda _: "/api/v1/graph",
    "api-gateway": lambda ground: f"{ground.read}?page_size=1",
    "audit-service": lambda _: "/api/v1/audit/verify",
    "event-processor": lambda _: "/api/v1/events?page_size=1",
    "rate-limiter-service": lambda ground: f"/api/v1/limits/explain?base={ground.base}",
    "schema-service": lambda ground: f"/api/v1/schemas/{ground.base}",
}
_DOOR = "api-gateway"
_ANALYST = "analytics-service"
_READ = ASKED["airtable-connector"]


@dataclass(frozen=True)
class Fault:
    """`app`: where it is put. `service`, `causes`: the right verdict; no service: nobody may be accused.
    `busy`: others use the platform meanwhile. `blind`: the app that keeps the evidence is frozen as well."""

    family: str
    app: str
    service: str
    causes: frozenset[str]
    path: Callable[[Ground], str]
    put: Break = field(repr=False)
    headers: tuple[tuple[str, str], ...] = ()
    busy: bool = False
    blind: bool = False


def every(apps: Sequence[str], seed: int, families: Sequence[str] = ()) -> list[Fault]:
    """All faults in an order of the seed: every second one under traffic, every fifth without the kept evidence."""
    chosen = [fault for fault in _all(apps) if not families or fault.family in families]
    random.Random(seed).shuffle(chosen)
    return [
        replace(fault, busy=n % 2 == 1, blind=n % 5 == 4 and fault.app != _ANALYST) for n, fault in enumerate(chosen)
    ]


def _all(apps: Sequence[str]) -> list[Fault]:
    faults = []
    for app in apps:
        ask = ASKED[app]
        for family, put, causes in (
            ("process killed", injecting.killed, {"dependency down"}),
            ("process frozen", injecting.frozen, {"dependency down"}),
            ("process starved", injecting.slowed, {"slow", "capacity"}),
        ):
            if app != _DOOR:  # without a gateway there is nobody to ask
                faults.append(_fault(family, app, app, causes, ask, _on(put, app)))
        for family, put in (("sidecar killed", injecting.killed), ("sidecar frozen", injecting.frozen)):
            faults.append(_fault(family, app, app, {"dependency down"}, ask, _on(put, f"{app}.sidecar")))
        faults.append(_fault("healthy", app, "", {"none"}, ask, lambda _: nullcontext()))
        if app != _DOOR:
            needless = next(one for one in ("rate-limiter-service", "event-processor") if one != app)
            noise = _on(injecting.frozen, app)
            faults.append(_fault("healthy while another is ill", app, "", {"none"}, ASKED[needless], noise))
    faults += _of_airtable() + _of_clients()
    return faults


def _of_airtable() -> list[Fault]:
    errors: list[dict[str, Any]] = [{"kind": "status", "status": code} for code in (500, 502, 503)]
    cut: list[dict[str, Any]] = [{"kind": "truncate", "bytes": size} for size in (1, 10, 40)]
    bodies: list[Any] = [{}, [], "<html>"]
    malformed: list[dict[str, Any]] = [{"kind": "wrong-body", "body": body} for body in bodies]
    hangs_up: list[dict[str, Any]] = [{"kind": "drop-before"}] * 3
    slow: list[dict[str, Any]] = [{"kind": "delay", "seconds": wait} for wait in (1.5, 2, 2.5)]
    families = (
        ("Airtable answers an error", "airtable", errors),
        ("Airtable's answer is cut", "airtable", cut),
        ("Airtable's answer is malformed", "airtable", malformed),
        ("Airtable hangs up", "airtable", hangs_up),
        ("Airtable is slow", "slow", slow),
    )
    return [
        _fault(family, "airtable-connector", "airtable", {cause}, _READ, partial(injecting.airtable, **what))
        for family, cause, kinds in families
        for what in kinds
    ]


def _of_clients() -> list[Fault]:
    mistakes: list[tuple[str, Callable[[Ground], str]]] = [
        ("airtable-connector", lambda ground: f"{ground.read}?page_size=0"),
        ("airtable-connector", lambda ground: f"{ground.read}/recNobodyHasThis"),
        ("airtable-connector", lambda _: "/api/v1/bases/appNobodyHasThis1/tables"),
        ("analytics-service", lambda _: f"/api/v1/traces/{1:032x}"),
        ("api-gateway", lambda _: "/api/v9/nothing"),
        ("audit-service", lambda _: "/api/v1/audit/entries?page_size=0"),
        ("event-processor", lambda _: "/api/v1/events/types/nobody-has-this"),
        ("rate-limiter-service", lambda _: "/api/v1/limits/explain"),
        ("schema-service", lambda _: "/api/v1/schemas/appNobodyHasThis1/versions/7"),
    ]
    faults = [
        _fault("client's mistake", app, "client", {"wrong data"}, path, lambda _: nullcontext())
        for app, path in mistakes
    ]
    wrong_key = (("authorization", "Bearer pya_nobody-has-this-key"),)
    for app in ("airtable-connector", "audit-service", "event-processor"):
        fault = _fault("client's key is wrong", app, "client", {"denied"}, ASKED[app], lambda _: nullcontext())
        faults.append(replace(fault, headers=wrong_key))
    return faults


def _on(put: Callable[[Mesh, str], AbstractContextManager[None]], name: str) -> Break:
    return lambda mesh: put(mesh, name)


def _fault(family: str, app: str, service: str, causes: set[str], path: Callable[[Ground], str], put: Break) -> Fault:
    return Fault(family, app, service, frozenset(causes), path, put)
