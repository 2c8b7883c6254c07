"""The owners of events, asked for those that the bus lost; their consumers, who get an event again."""

from contextlib import suppress
from types import new_class
from typing import Literal

import orjson

from apps.event_processor.domain import catalogue
from apps.event_processor.domain.errors import NotSubscribed
from chassis import EventSource, Mesh, MeshDenied, PeerUnavailable, segment

DELIVERY = 25.0  # seconds; a handler may take 20
TOLD = 20  # topics that a refusal names

SOURCES: list[type] = [
    new_class(f"EventsOf:{owner}", (EventSource,), {"app_id": owner}) for owner in catalogue.owners()
]


class Consumers:
    """The way on which their own sidecars bring them events; the mesh lets only this app use it as well."""

    def __init__(self, mesh: Mesh) -> None:
        self._mesh = mesh

    async def topics(self, consumer: str, wanted: set[str]) -> set[str]:
        """What it subscribes to. Raises NotSubscribed when that is none of `wanted`, and else as `deliver`."""
        topics: set[str] = set()
        with suppress(MeshDenied):  # the mesh opens the way to those that subscribe to anything
            answer = await self._mesh.call(consumer, "GET", "/dapr/subscribe")
            if answer.status not in (200, 404):
                seen = f"{consumer} answers {answer.status} when it is asked what it subscribes to."
                raise PeerUnavailable(seen, service=consumer)
            topics = {each["topic"] for each in orjson.loads(answer.body)} if answer.status == 200 else set()
        if not topics & (wanted or topics):
            listed = ", ".join(sorted(topics)[:TOLD]) + (" …" if len(topics) > TOLD else "")
            raise NotSubscribed(f"{consumer} subscribes to {listed or 'nothing'}. Nothing was brought.")
        return topics

    async def deliver(self, consumer: str, topic: str, event: bytes) -> Literal["done", "again", "refused"]:
        """Raises what the way raises: PeerUnavailable, PeerTimeout, BreakerOpen, MeshDenied …"""
        headers = {"content-type": "application/cloudevents+json"}
        answer = await self._mesh.call(
            consumer, "POST", f"/dapr/events/{segment(topic)}", body=event, headers=headers, timeout=DELIVERY
        )
        return "done" if answer.status < 300 else "refused" if answer.status == 404 else "again"
