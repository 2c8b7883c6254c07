"""The gateway's own count of requests that may change something, and the entries of the trail that it is kept in.

A request is two lines of a file: one before it goes on to its app, one before its answer goes out. The entries name the
requests, so that audit-service can say of each whether the trail has what it must have.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson

from contracts.audit_service import COUNT, Entry, Settled, entry_id

AT_ONCE = 500  # requests of one entry, which has 64 KiB at most
PLATFORM = "platform"  # whose trail it is: what the platform does on its own

Asked = tuple[str, str, str, str]  # hour, tenant, app, request id


def begun(key: str, at: float, tenant: str, app: str, request_id: str) -> bytes:
    hour = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:00:00Z")
    return orjson.dumps([key, hour, tenant, app, request_id]) + b"\n"


def ended(key: str, service: str, how: Settled) -> bytes:
    """`service` has the entry to write, or none where `how` is exempt."""
    return orjson.dumps([key, service, how]) + b"\n"


def entries(lines: bytes, under_way: frozenset[str], now: datetime) -> Iterator[dict[str, Any]]:
    """What the lines say, as entries. A request without an end is under way (a later file has its lines again), or its
    gateway died, and nobody was answered. The same lines give entries of the same ids: a second time is no harm.
    """
    asked: dict[str, Asked] = {}
    groups: dict[tuple[str, str], list[tuple[str, Settled, str]]] = defaultdict(list)
    for line in lines.splitlines():
        try:
            key, *said = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue  # the last line of a process that was killed
        if len(said) == 4:
            asked[key] = said[0], said[1], said[2], said[3]
        elif key in asked:
            hour, tenant, _, request_id = asked.pop(key)
            groups[tenant, hour].append((said[0], said[1], request_id))
    for key, (hour, tenant, app, request_id) in asked.items():
        if key not in under_way:
            groups[tenant, hour].append((app, "unanswered", request_id))
    for (tenant, hour), requests in groups.items():
        for first in range(0, len(requests), AT_ONCE):
            yield _entry(tenant, hour, requests[first : first + AT_ONCE], now)


def keys(lines: bytes) -> frozenset[str]:
    """Of the requests that the lines begin."""
    found = set()
    for line in lines.splitlines():
        try:
            found.add(orjson.loads(line)[0])
        except orjson.JSONDecodeError:
            continue
    return frozenset(found)


def _entry(tenant: str, hour: str, requests: list[tuple[str, Settled, str]], now: datetime) -> dict[str, Any]:
    told: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for service, how, request_id in requests:
        told[service][how].append(request_id)
    digest = sha256(orjson.dumps([tenant, hour, requests])).hexdigest()
    entry = Entry.model_validate({
        "id": entry_id(digest, COUNT, hour),
        "tenant": PLATFORM,
        "occurred_at": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "action": COUNT,
        "outcome": "succeeded",
        "actor": {"type": "service", "id": "api-gateway"},
        "service": "api-gateway",
        "targets": [{"type": "tenant", "id": tenant}],
        "request_id": digest[:32],
        "trace_id": digest[32:],
        "context": {"method": "POST", "route": "(all)"},
        "metadata": {"hour": hour, "requests": {service: dict(hows) for service, hows in told.items()}},
    })  # fmt: skip
    return entry.model_dump(mode="json", exclude_none=True)
