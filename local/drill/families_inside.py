"""Families of faults of code, settings, single edges and events: put into a process by whoever runs it."""

import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import httpx

from ..blast.ground import Ground
from .faults import ASKED, CONNECTOR, DOOR, Ask, Fault
from .injecting import Mesh
from .within import started_with, within

_READ_BEFORE = 1.5  # s; a kept answer has to be older than the write by more than clocks may differ
AUDIT, EVENTS, SCHEMAS, LIMITER = "audit-service", "event-processor", "schema-service", "rate-limiter-service"
_SLOW = frozenset({"slow", "capacity"})


def of_code() -> list[Fault]:
    faults = []
    for app in (CONNECTOR, AUDIT, EVENTS, SCHEMAS, LIMITER):
        faults.append(_fault("handler raises", app, {"code"}, {"raise": "weather"}, code=True))
    for app in (CONNECTOR, EVENTS, SCHEMAS):
        faults.append(_fault("handler waits", app, {"slow"}, {"wait": 2.0}, code=True))
    for app in (CONNECTOR, AUDIT, LIMITER):
        faults.append(_fault("handler computes", app, _SLOW, {"spin": 1.6}, code=True))
    for app in (DOOR, AUDIT, SCHEMAS):
        faults.append(_fault("event loop is blocked", app, _SLOW, {"block": 1.6}, code=True))
    for app in (AUDIT, EVENTS, SCHEMAS):
        faults.append(_fault("connections are not given back", app, {"capacity"}, {"drain": True}))
    for how in ("rename", "empty", "text"):
        faults.append(
            _fault(
                "answer breaks its contract",
                LIMITER,
                {"code", "wrong data"},
                {"answer": how},
                ask=ASKED[CONNECTOR],
                code=True,
            )
        )
    return faults


def of_data() -> list[Fault]:
    """The cache keeps what a write has made untrue."""
    forgets_nothing = partial(_within, CONNECTOR, {"mute": "apps.airtable_connector.store:ReadCache.change"})
    return [
        Fault(
            "read is older than a write",
            CONNECTOR,
            CONNECTOR,
            frozenset({"wrong data"}),
            record.path,
            forgets_nothing,
            headers=(("cache-control", "max-age=60"),),
            before=record.write,
            unseen=True,
            code=True,
        )
        for record in (_Overwritten(), _Overwritten(), _Overwritten())
    ]


class _Overwritten:
    """A record that a user makes, reads and changes; then it is read again."""

    def __init__(self) -> None:
        self._record = ""

    def write(self, client: httpx.Client, ground: Ground) -> None:
        made = client.post(ground.write, json={"records": [{"fields": {"Name": "Before"}}]}).raise_for_status().json()
        self._record = made["records"][0]["id"]
        client.get(self.path(ground)).raise_for_status()
        time.sleep(_READ_BEFORE)
        client.patch(self.path(ground), json={"fields": {"Name": "After"}}).raise_for_status()

    def path(self, ground: Ground) -> str:
        return f"{ground.write}/{self._record}" if self._record else f"{ground.write}?page_size=1"


def of_settings() -> list[Fault]:
    faults = []
    for app in (AUDIT, EVENTS, SCHEMAS, LIMITER):
        faults.append(_started("setting is wrong", app, {"config"}, {"LOG_LEVEL": "chatty"}))
    for app in (AUDIT, EVENTS, SCHEMAS):
        faults.append(_started("secret is wrong", app, {"config", "denied"}, {"APP_API_TOKEN": "nobody-has-this"}))
    for app, seconds in ((DOOR, 3600), (AUDIT, 3600), (SCHEMAS, -3600)):
        faults.append(_fault("clock is wrong", app, {"config"}, {"skew": seconds}))
    return faults


def of_edges() -> list[Fault]:
    """Bytes are taken and nothing comes back, on one edge alone."""
    faults = []
    outside = partial(_hole, CONNECTOR, "airtable-sandbox", "http")
    causes = frozenset({"slow", "dependency down", "airtable"})
    faults.append(Fault("edge swallows", CONNECTOR, "airtable", causes, ASKED[CONNECTOR], outside))
    for app in (AUDIT, EVENTS):
        put = partial(_hole, app, "postgres", "postgres")
        also = frozenset({"database", "postgres"})
        faults.append(Fault("edge swallows", app, app, causes, ASKED[app], put, also=also))
    for app in (CONNECTOR, DOOR):
        put = partial(_hole, app, f"{app}.sidecar", "http")
        faults.append(Fault("edge swallows", app, app, causes, ASKED[app], put))
    return faults


def of_events() -> list[Fault]:
    """The bus brings everything twice, or loses or cuts it; what is missing is handed over: nobody is to be accused."""
    noise = [
        Fault(
            f"healthy while events {happens}",
            EVENTS,
            "",
            frozenset({"none"}),
            lambda ground: ground.write,
            partial(_within, EVENTS, {"event": how}),
            body=lambda _: {"records": [{"fields": {"Name": "Told of"}}]},
        )
        for how, happens in {"twice": "come twice", "lose": "are lost", "poison": "are cut"}.items()
    ]
    return noise * 3


def _fault(
    family: str,
    app: str,
    causes: set[str] | frozenset[str],
    what: Mapping[str, Any],
    ask: Ask | None = None,
    *,
    code: bool = False,
) -> Fault:
    return Fault(family, app, app, frozenset(causes), ask or ASKED[app], partial(_within, app, what), code=code)


def _started(family: str, app: str, causes: set[str], environment: Mapping[str, str]) -> Fault:
    return Fault(family, app, app, frozenset(causes), ASKED[app], lambda mesh: started_with(mesh, app, environment))


def _within(app: str, what: Mapping[str, Any], mesh: Mesh) -> AbstractContextManager[None]:
    return within(mesh, app, **what)


def _hole(app: str, process: str, purpose: str, mesh: Mesh) -> AbstractContextManager[None]:
    entry = next(entry for entry in mesh.entries() if entry.name == process)
    port = entry.ports.get(purpose) or next(iter(entry.ports.values()))
    return within(mesh, app, hole=[port])
