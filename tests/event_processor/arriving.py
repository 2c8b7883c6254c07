"""Events as the bus brings them."""

import itertools
from typing import Any

import orjson

from chassis.testing._bus import FakeBus

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
UPDATED = "airtable-connector.record-updated.v1"
CREATED = "airtable-connector.record-created.v1"
FAILED = "audit-service.event-failed.v1"


class Arriving:
    def __init__(self, bus: FakeBus) -> None:
        self._bus = bus
        self._number = itertools.count(1)

    def made(self, kind: str = UPDATED, subject: str = "appA/recA", version: int = 1, **other: Any) -> dict[str, Any]:
        """An envelope as its owner sends it; `other` are members of it to be different, None for those to be absent."""
        number = next(self._number)
        document = {
            "specversion": "1.0",
            "id": f"event-{number}",
            "source": kind.partition(".")[0],
            "type": kind,
            "subject": subject,
            "time": f"2026-11-25T10:00:00.{number:06d}Z",
            "datacontenttype": "application/json",
            "tenantid": "local",
            "actorid": "developer",
            "sequence": str(number),
            "subjectsequence": str(version),
            "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01",
            "correlationid": "request-1",
            "causationid": "request-1",
            "data": cells(),
            **other,
        }
        return {name: value for name, value in document.items() if value is not None}

    async def comes(self, kind: str = UPDATED, subject: str = "appA/recA", version: int = 1, **other: Any) -> str:
        """The bus brings one; its id."""
        event = self.made(kind, subject, version, **other)
        await self.brings(event)
        return str(event["id"])

    async def brings(self, event: dict[str, Any] | bytes, topic: str = "") -> None:
        body = event if isinstance(event, bytes) else orjson.dumps(event)
        await self._bus.deliver(topic or str(event["type"]).rpartition(".")[0], body)  # type: ignore[index]

    async def failure(self, event: str, handler: str = "forget", problem: str = "a reason", **other: Any) -> str:
        """audit-service tells that it gave an event up."""
        told = {"event": event, "topic": UPDATED[:-3], "type": UPDATED, "handler": handler, "attempt": 8}
        return await self.comes(FAILED, event, causationid=event, data={**told, "problem": problem}, **other)


def cells(**values: Any) -> dict[str, Any]:
    """The data of an event that tells of a record."""
    of = {"base": "appA", "table": "tblA", "record": "recA", "operation": "op"}
    return {**of, "fields": sorted(values), "values": values}
