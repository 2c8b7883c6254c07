"""An entry of the audit trail: who did what to what, and how it ended, as the exact bytes that are kept.

The words are those of audit-service's contract; its tests read what is written here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID, uuid5

import orjson

from ._context import Context, Target, current
from ._errors import AppError
from ._principal import Principal

NAMESPACE = UUID("6e1d8a52-9a0c-5a75-8b0e-2f4c1c0d7a11")
NOBODYS = "platform"  # the tenant of requests whose maker nobody knows
UNROUTED = "request.refuse"  # the action of a request that reached no route
MOST_TARGETS, MOST_METADATA = 50, 20  # of one entry; how many there were is told
DENIED = (401, 403)

Outcome = Literal["succeeded", "denied", "failed", "unknown"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as its entry tells of it. `route` is the template, never the path with its values."""

    action: str
    method: str
    route: str
    targets: tuple[Target, ...] = ()
    address: str | None = None
    user_agent: str | None = None


def audit(*targets: Target, **metadata: str | int) -> None:
    """Say in the entry of the running request what it is about: `audit(("note", note.id), colour="red")`.

    Small things, and no secrets. Without targets an entry names the values in the route's path.
    """
    noted = current().noted
    noted.targets += targets
    noted.metadata |= metadata


def unresolved() -> None:
    """Nobody knows yet how the running request's effect outside ended: its entry waits for who finds out."""
    current().noted.unresolved = True


def outcome_of(status: int, error: AppError | None) -> Outcome:
    if status < 400:
        return "succeeded"
    if error is not None and error.may_have_happened:
        return "unknown"
    return "denied" if status in DENIED else "failed"


def entry_id(request_id: str, action: str, attempt: str) -> UUID:
    """`attempt` is the span of this app's part: a client may send one request id twice, and mean two things by it.

    What is told twice of one part (an intent and its outcome, a commit whose answer was lost) is one entry.
    """
    return uuid5(NAMESPACE, f"{request_id} {action}/{attempt}")


def entry(
    context: Context, asked: Asked, outcome: Outcome, error: AppError | None = None, count: int | None = None
) -> dict[str, Any]:
    """The entry of the request in `context`."""
    who, noted = context.principal, context.noted
    targets = list(dict.fromkeys(noted.targets or asked.targets))
    metadata = dict(list(noted.metadata.items())[:MOST_METADATA])
    if len(targets) > MOST_TARGETS:
        metadata["targets"] = len(targets)
    about: dict[str, Any] = {"method": asked.method, "route": asked.route}
    about |= {"address": asked.address, "user_agent": asked.user_agent and asked.user_agent[:200], "count": count}
    return {
        "id": str(entry_id(context.request_id, asked.action, context.span_id)),
        "version": 1,
        "tenant": who.tenant if who else NOBODYS,
        "occurred_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "action": asked.action,
        "outcome": outcome,
        "actor": _actor(who),
        "service": context.app_id,
        "targets": [{"type": kind, "id": _short(id) or "-"} for kind, id in targets[:MOST_TARGETS]],
        "request_id": context.request_id,
        "trace_id": context.trace_id,
        **({"code": error.code, "detail": _printable(error.detail)[:500] or error.title} if error else {}),
        "context": {name: value for name, value in about.items() if value},
        "metadata": {name: _short(value) for name, value in metadata.items()},
    }


def canonical(entry: Mapping[str, Any]) -> bytes:
    """The bytes that are kept and hashed: UTF-8, sorted keys, no spaces."""
    return orjson.dumps(entry, option=orjson.OPT_SORT_KEYS)


def _actor(who: Principal | None) -> dict[str, str]:
    if who is None:
        return {"type": "anonymous", "id": "anonymous"}
    if who.act:
        return {"type": "agent", "id": who.act, "acting_for": who.user}
    return {"type": who.kind, "id": who.user}


def _short(value: str | int) -> str | int:
    return value if isinstance(value, int) else _printable(value)[:200]


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
