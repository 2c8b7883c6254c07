"""Families of faults that are put from outside: processes, Airtable, clients, the data tier."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from typing import Any

from . import database, injecting
from .faults import ASKED, CONNECTOR, DOOR, READ, Ask, Fault, nothing, on
from .injecting import Mesh

_DOWN = frozenset({"dependency down"})
_SLOW = frozenset({"slow", "capacity"})
_NOT_ANSWERING = frozenset({"dependency down", "slow"})
_DATABASE = frozenset({"database", "postgres"})


def of_processes(apps: Sequence[str]) -> list[Fault]:
    faults = []
    for app in apps:
        ask = ASKED[app]
        for family, put, causes in (
            ("process killed", injecting.killed, _DOWN),
            ("process frozen", injecting.frozen, _DOWN),
            ("process starved", injecting.slowed, _SLOW),
        ):
            if app != DOOR:  # without a gateway there is nobody to ask
                faults.append(Fault(family, app, app, causes, ask, on(put, app)))
        for family, put in (("sidecar killed", injecting.killed), ("sidecar frozen", injecting.frozen)):
            faults.append(Fault(family, app, app, _DOWN, ask, on(put, f"{app}.sidecar")))
        faults.append(Fault("healthy", app, "", frozenset({"none"}), ask, nothing))
        if app != DOOR:
            needless = next(one for one in ("rate-limiter-service", "event-processor") if one != app)
            noise = on(injecting.frozen, app)
            faults.append(Fault("healthy while another is ill", app, "", frozenset({"none"}), ASKED[needless], noise))
    full = Fault("descriptors used up", "", "", frozenset({"capacity", "dependency down"}), READ, nothing)
    for app in ("audit-service", "event-processor", "schema-service"):
        faults.append(replace(full, app=app, service=app, path=ASKED[app], put=on(injecting.limited, app)))
    return faults


def of_airtable() -> list[Fault]:
    errors: list[dict[str, Any]] = [{"kind": "status", "status": code} for code in (500, 502, 503)]
    limits: list[dict[str, Any]] = [
        {"kind": "status", "status": 429, "headers": {"Retry-After": wait}} for wait in ("30", "60", "90")
    ]
    refusals: list[dict[str, Any]] = [{"kind": "status", "status": code} for code in (401, 401, 403)]
    cut: list[dict[str, Any]] = [{"kind": "truncate", "bytes": size} for size in (1, 10, 40)]
    bodies: list[Any] = [{}, [], "<html>"]
    malformed: list[dict[str, Any]] = [{"kind": "wrong-body", "body": body} for body in bodies]
    hangs_up: list[dict[str, Any]] = [{"kind": "drop-before"}] * 3
    slow: list[dict[str, Any]] = [{"kind": "delay", "seconds": wait} for wait in (1.5, 2, 2.5)]
    families = (
        ("Airtable answers an error", {"airtable"}, errors),
        ("Airtable's limit is reached", {"airtable"}, limits),
        ("Airtable refuses the token", {"config", "airtable"}, refusals),
        ("Airtable's answer is cut", {"airtable"}, cut),
        ("Airtable's answer is malformed", {"airtable"}, malformed),
        ("Airtable hangs up", {"airtable"}, hangs_up),
        ("Airtable is slow", {"slow"}, slow),
    )
    faults = [
        Fault(family, CONNECTOR, "airtable", frozenset(causes), READ, partial(injecting.airtable, **what))
        for family, causes, kinds in families
        for what in kinds
    ]
    token = frozenset({CONNECTOR})
    faults = [replace(one, also=token) if one.family == "Airtable refuses the token" else one for one in faults]
    ours = Fault("our own limit is reached", CONNECTOR, "rate-limiter-service", frozenset({"capacity"}), READ, nothing)
    for callers in (12, 16, 20):
        faults.append(replace(ours, also=token, put=partial(_crowd, callers)))
    return faults


def _crowd(callers: int, mesh: Mesh) -> AbstractContextManager[None]:
    return injecting.crowded(mesh, callers)


def of_clients() -> list[Fault]:
    mistakes: list[tuple[str, Ask]] = [
        (CONNECTOR, lambda ground: f"{ground.read}?page_size=0"),
        (CONNECTOR, lambda ground: f"{ground.read}/recNobodyHasThis"),
        (CONNECTOR, lambda _: "/api/v1/bases/appNobodyHasThis1/tables"),
        ("analytics-service", lambda _: f"/api/v1/traces/{1:032x}"),
        ("api-gateway", lambda _: "/api/v9/nothing"),
        ("audit-service", lambda _: "/api/v1/audit/entries?page_size=0"),
        ("event-processor", lambda _: "/api/v1/events/types/nobody-has-this"),
        ("rate-limiter-service", lambda _: "/api/v1/limits/explain"),
        ("schema-service", lambda _: "/api/v1/schemas/appNobodyHasThis1/versions/7"),
    ]
    faults = [
        Fault("client's mistake", app, "client", frozenset({"wrong data"}), path, nothing) for app, path in mistakes
    ]
    wrong_key = (("authorization", "Bearer pya_nobody-has-this-key"),)
    for app in (CONNECTOR, "audit-service", "event-processor"):
        fault = Fault("client's key is wrong", app, "client", frozenset({"denied"}), ASKED[app], nothing)
        faults.append(replace(fault, headers=wrong_key))
    return faults


def of_the_data_tier() -> list[Fault]:
    """An app's database; and the servers that all share."""
    families: tuple[tuple[str, Callable[[Mesh, str], AbstractContextManager[None]], set[str]], ...] = (
        ("tables are locked", database.locked, {"slow", "capacity"}),
        ("database takes no more connections", database.no_connections, {"capacity"}),
        ("database's password is wrong", database.wrong_password, {"config"}),
        ("tables are of another version", database.renamed, {"code", "config"}),
    )
    faults = [
        Fault(family, app, app, frozenset(causes), ASKED[app], on(put, app), also=_DATABASE)
        for family, put, causes in families
        for app in ("audit-service", "event-processor", "schema-service")
    ]
    record = {"records": [{"fields": {"Name": "full"}}]}
    for path in (lambda ground: ground.write, lambda ground: ground.undo, lambda ground: ground.read):
        full, causes = on(database.full, CONNECTOR), frozenset({"capacity"})
        fault = Fault("database's disk is full", CONNECTOR, CONNECTOR, causes, path, full, also=_DATABASE)
        faults.append(replace(fault, body=lambda _: record))
    for app, server, freeze in (
        ("audit-service", "postgres", injecting.frozen_server),
        ("schema-service", "postgres", injecting.frozen_server),
        ("rate-limiter-service", "valkey", injecting.frozen),
    ):
        also = frozenset({app, "database", "state store"})
        faults.append(
            Fault(
                "server of the data tier frozen", app, server, _NOT_ANSWERING, ASKED[app], on(freeze, server), also=also
            )
        )
    for app, server in (
        ("event-processor", "postgres"),
        ("schema-service", "postgres"),
        ("rate-limiter-service", "valkey"),
    ):
        also = frozenset({app, "database", "state store"})
        kill = on(injecting.killed, server)
        faults.append(Fault("server of the data tier killed", app, server, _DOWN, ASKED[app], kill, also=also))
    return faults
