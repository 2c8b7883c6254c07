"""The bus of a fake sidecar: every app that subscribes gets its events, again when it asks so, else a dead letter."""

import asyncio
import base64
from collections import defaultdict
from typing import Any

import orjson
from aiohttp import web
from fastapi import FastAPI

from .._events import MEDIA_TYPE, TRIES
from .._uuid7 import uuid7
from ._client import call


class FakeBus:
    """`published` and `dead_letters[topic]` are envelopes as a subscriber gets them, in order.

    `available = False` refuses as a sidecar does whose broker is away; a topic in `forbidden` is not this app's.
    `loses = True` takes events and delivers none, as a broker does that dies with them. An app that is away gets what
    it missed when it is back, and one that is new what there is, unless `trim` made the broker forget it.
    """

    def __init__(self, app_token: str) -> None:
        self.published: list[dict[str, Any]] = []
        self.dead_letters: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.available = True
        self.loses = False
        self.forbidden: set[str] = set()
        self.pause = 0.01  # seconds before an event comes again
        self._token = app_token
        self._subscribers: dict[str, list[tuple[FastAPI, dict[str, Any]]]] = defaultdict(list)
        self._streams: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._brought: dict[tuple[str, str], int] = defaultdict(int)  # (app-id, topic) → events of its stream
        self._deliveries: set[asyncio.Task[None]] = set()

    async def connect(self, app: FastAPI) -> None:
        """Ask `app` what it subscribes to, as its sidecar does when it starts."""
        answer = await call(app, "GET", "/dapr/subscribe", [("dapr-api-token", self._token)], b"")
        for subscription in answer.json() if answer.status == 200 else []:
            self._subscribers[subscription["topic"]].append((app, subscription))
            self._bring(app, subscription)

    def disconnect(self, app: FastAPI) -> None:
        """Bring `app` nothing more."""
        for topic, subscribers in self._subscribers.items():
            self._subscribers[topic] = [each for each in subscribers if each[0] is not app]

    def trim(self, topic: str) -> None:
        """Forget the events of a topic, read or not."""
        self._streams[topic] = [{} for _ in self._streams[topic]]

    async def settled(self) -> None:
        """Wait until nothing that was published is still on its way."""
        while self._deliveries:
            await asyncio.gather(*self._deliveries)

    async def close(self) -> None:
        for delivery in self._deliveries:
            delivery.cancel()
        await asyncio.gather(*self._deliveries, return_exceptions=True)

    async def answer(self, topic: str, body: bytes) -> web.StreamResponse:
        """What the publish API answers."""
        if topic in self.forbidden:
            message = f"topic {topic} is not allowed for app id"
            return web.json_response({"errorCode": "ERR_PUBSUB_FORBIDDEN", "message": message}, status=403)
        if not self.available:
            message = f"error when publish to topic {topic} in pubsub bus: redis streams: error publishing"
            return web.json_response({"errorCode": "ERR_PUBSUB_PUBLISH_MESSAGE", "message": message}, status=500)
        event = {**orjson.loads(body), "topic": topic, "pubsubname": "bus"}
        self.published.append(event)
        if not self.loses:
            self._streams[topic].append(event)
            for app, subscription in self._subscribers[topic]:
                self._bring(app, subscription)
        return web.Response(status=204)

    def _bring(self, app: FastAPI, subscription: dict[str, Any]) -> None:
        """Set out with what the app has not been brought yet."""
        reader = app.state.chassis.settings.app_id, subscription["topic"]
        stream = self._streams[subscription["topic"]]
        for event in filter(None, stream[self._brought[reader] :]):
            delivery = asyncio.create_task(self._deliver(app, subscription, event))
            self._deliveries.add(delivery)
            delivery.add_done_callback(self._deliveries.discard)
        self._brought[reader] = len(stream)

    async def deliver(self, topic: str, body: bytes) -> None:
        """Bring `body`, whatever it is, to the subscribers of `topic`, as if somebody had written it to the broker."""
        for app, subscription in self._subscribers[topic]:
            await self._deliver(app, subscription, body)

    async def _deliver(self, app: FastAPI, subscription: dict[str, Any], event: dict[str, Any] | bytes) -> None:
        sent = event if isinstance(event, bytes) else orjson.dumps(event)
        raw = "metadata" in subscription
        body = _wrapped(subscription["topic"], sent) if raw else sent
        headers = [("dapr-api-token", self._token), ("content-type", MEDIA_TYPE), ("content-length", str(len(body)))]
        if isinstance(event, dict) and isinstance(event.get("traceparent"), str):
            headers.append(("traceparent", event["traceparent"]))
        for _ in range(TRIES if raw or isinstance(event, dict) or _readable(sent) else 0):
            answer = await call(app, "POST", subscription["routes"]["default"], headers, body)
            if answer.status < 300:
                return
            if answer.status == 404:
                break
            await asyncio.sleep(self.pause)
        if topic := subscription.get("deadLetterTopic"):
            self.dead_letters[topic].append(event if isinstance(event, dict) else {"raw": event})
            for reader, its in self._subscribers[topic]:
                await self._deliver(reader, its, sent)


def _readable(body: bytes) -> bool:
    """What is no JSON object, a sidecar brings to nobody."""
    try:
        return isinstance(orjson.loads(body), dict)
    except orjson.JSONDecodeError:
        return False


def _wrapped(topic: str, body: bytes) -> bytes:
    """What a subscriber of raw payloads gets."""
    return orjson.dumps({
        "specversion": "1.0",
        "id": str(uuid7()),
        "source": "Dapr",
        "type": "com.dapr.event.sent",
        "datacontenttype": "application/octet-stream",
        "topic": topic,
        "pubsubname": "bus",
        "data_base64": base64.b64encode(body).decode(),
    })  # fmt: skip
