"""What changed: told by the span with which a process begins, compared with the app's start before it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from apps.analytics_service.domain.spans import Span
from apps.analytics_service.domain.traces import NOBODYS, moment
from contracts.analytics_service import ChangeKind
from contracts.schema_service import SchemaChanged

START = "process start"
SETTING = "platform.setting."
NAMED = 5  # settings; more are counted


@dataclass(frozen=True, slots=True)
class Start:
    """A process began, at `place`: a host and a port. `settings` are digests by name, of those that were given."""

    app: str
    instance: str
    at: datetime
    place: str
    version: str
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    at: datetime
    app: str
    kind: ChangeKind
    detail: str
    tenant: str = NOBODYS


def start_of(span: Span) -> Start | None:
    """The start that a span tells of; None: it tells of something else."""
    about = span.attributes
    instance = str(about.get("service.instance.id", ""))
    if span.name != START or not instance:
        return None
    return Start(
        app=span.service,
        instance=instance,
        at=moment(span.began),
        place=f"{about.get('host.name', '')}:{about.get('server.port', '')}",
        version=str(about.get("service.version", "")),
        settings={name.removeprefix(SETTING): str(value) for name, value in about.items() if name.startswith(SETTING)},
    )


def told_by(start: Start, last: Start | None, *, known: bool) -> list[Change]:
    """`last` is the app's latest start before this one; `known`: there was one at the same place."""

    def change(kind: ChangeKind, detail: str) -> Change:
        return Change(start.at, start.app, kind, detail)

    began = f"version {start.version} at {start.place}"
    found = [change("restarted", began) if known else change("started", began)]
    if last is None:
        return found
    if last.version != start.version:
        found.append(change("version", f"{last.version} → {start.version}"))
    both = last.settings.keys() | start.settings.keys()
    other = sorted(name for name in both if last.settings.get(name) != start.settings.get(name))
    if other:
        more = f" and {len(other) - NAMED} more" if len(other) > NAMED else ""
        found.append(change("settings", ", ".join(other[:NAMED]) + more))
    return found


def of_a_schema(event: SchemaChanged, at: datetime, tenant: str) -> Change:
    broken = ", breaking" if event.breaking else ""
    detail = f"{event.base}: version {event.previous} → {event.version}, {event.total} changes{broken}"
    return Change(at, "schema-service", "schema", detail, tenant)
