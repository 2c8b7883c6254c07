"""Events arrive: handed to their handlers, each in one transaction with its note in the inbox."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, ClassVar

from pydantic import BaseModel
from sqlalchemy import CursorResult
from sqlalchemy.dialects.postgresql import insert

from ._context import Context, acting, background, enter, leave, read_request_id, read_traceparent
from ._database import Database
from ._enclosing import enclosing
from ._errors import AppError
from ._events import TRIES, Drop, Envelope, Retry, owner, parse
from ._logs import Log
from ._principal import service
from ._spans import doing
from ._subscriptions import Arrival, Handler, Listener
from ._tables import inbox
from ._telemetry import Metrics
from ._unreadable import RAW, dead_letters, problem, unwrapped

HANDLING = 20.0  # seconds a handler may take; the broker's `processingTimeout` is 30
LARGEST = 1024 * 1024  # bytes of an envelope; our own publish a quarter of it
REMEMBERED = 10_000  # events whose attempts are counted
PAUSE = 0.05  # seconds between the tries of a handler that has a bug
PASSING = (Retry, AppError, OSError)  # what a handler raises that may be over later; anything else is a bug in it
DONE, AGAIN, GONE = 204, 503, 404  # for daprd: handled; bring it again; never again, to the dead letters with it


class EventFailed(BaseModel):
    """An event that a handler of this app could not handle, and that lies among its dead letters."""

    TOPIC: ClassVar[str] = ""
    TYPE: ClassVar[str] = ""

    event: str  # its id, "unknown" for what could not be read
    topic: str
    type: str
    handler: str
    attempt: int
    problem: str

    @property
    def subject(self) -> str:
        return self.event


def event_failed(app_id: str) -> type[EventFailed]:
    """The event `<app-id>.event-failed`, which every app with subscriptions publishes."""
    topic = f"{app_id}.event-failed"
    return type("EventFailed", (EventFailed,), {"TOPIC": topic, "TYPE": f"{topic}.v1"})


class Delivery:
    """What stands behind the routes daprd brings events to."""

    def __init__(
        self,
        app_id: str,
        db: Callable[[], Database],
        handlers: Mapping[str, list[Handler]],
        listeners: Mapping[str, Listener],
        metrics: Metrics,
        log: Log,
    ) -> None:
        self._app_id, self._db = app_id, db
        self._handlers, self._listeners = handlers, listeners
        self._metrics, self._log = metrics, log
        self._attempts: OrderedDict[str, int] = OrderedDict()
        self._failed = event_failed(app_id)
        self.handled: Callable[[Envelope], Awaitable[None]] | None = None  # told of each event that is done with

    async def deliver(self, topic: str, body: bytes) -> int:
        """The status daprd shall get for what came on `topic`."""
        if topic in self._listeners:
            return await self._listen(Arrival(topic, unwrapped(body)))
        if topic == dead_letters(self._app_id) and topic not in self._handlers:
            await self._tell_unreadable(topic, body)
            return DONE
        handlers = self._handlers.get(topic, [])
        try:
            if len(body) > LARGEST:
                raise Drop(f"it has {len(body)} bytes, {LARGEST} is the end")
            envelope = parse(body)
        except Drop as drop:
            problems = {handler.name: str(drop) for handler in handlers}
            await self._give_up(topic, Envelope("", "", "", "", "", "", "", None), 1, problems)
            return GONE
        status = await self.handle(topic, envelope)
        if status == DONE:
            self._metrics.event_age(topic, envelope.age)
        if status != AGAIN and self.handled:
            await self.handled(envelope)
        return status

    async def hand(self, envelope: Envelope, body: bytes) -> bool:
        """The same for an event its owner handed over; whether it is done with."""
        topic = envelope.type.rpartition(".")[0]
        if self._listeners and topic not in self._handlers:
            return await self._listen(Arrival(topic, body), noted=False) == DONE
        return await self.handle(topic, envelope) != AGAIN

    async def _listen(self, arrival: Arrival, *, noted: bool = True) -> int:
        # One that a newer owner hands over, on a topic nobody knows here, goes where the known ones go.
        listener = self._listeners.get(arrival.topic) or next(iter(self._listeners.values()))
        context = background(self._app_id, seconds=HANDLING)
        context.principal = service(self._app_id)
        token = enter(context)
        try:
            async with asyncio.timeout(HANDLING):
                await listener(arrival)
            if noted and self.handled:
                with suppress(Drop):
                    envelope = arrival.envelope()
                    if envelope.source == owner(arrival.topic):  # and is no dead letter of somebody
                        self._metrics.event_age(arrival.topic, envelope.age)
                        await self.handled(envelope)
        except Exception as error:  # a bug in it loses nothing either
            self._metrics.handled(listener.name, "retry")
            self._log.warning("what came will come again", topic=arrival.topic, problem=_problem(error))
            return AGAIN
        finally:
            leave(token)
        self._metrics.handled(listener.name, "done")
        return DONE

    async def handle(self, topic: str, envelope: Envelope) -> int:
        """Run every handler of `topic` that has not handled this event yet."""
        attempt = last = self._attempts.pop(envelope.id, 0) + 1
        retry: dict[str, str] = {}
        drop: dict[str, str] = {}
        for handler in self._handlers.get(topic, []):
            try:
                outcome = "done" if await self._run_patiently(handler, envelope) else "again"
            except Drop as reason:
                outcome, drop[handler.name] = "drop", str(reason)
            except PASSING as error:
                outcome, retry[handler.name] = "retry", _problem(error)
                if attempt == TRIES:
                    outcome = "given-up"
            except Exception as error:  # costs this event its tries, and nobody else anything
                outcome, last, drop[handler.name] = "given-up", TRIES, _problem(error)
            self._metrics.handled(handler.name, outcome)
        if retry and attempt < TRIES:
            self._attempts[envelope.id] = attempt
            if len(self._attempts) > REMEMBERED:
                self._attempts.popitem(last=False)
            self._log.warning("event will come again", id=envelope.id, topic=topic, attempt=attempt, problems=retry)
            return AGAIN
        if retry or drop:
            await self._give_up(topic, envelope, last, {**drop, **retry})
            return GONE
        return DONE

    async def _run_patiently(self, handler: Handler, envelope: Envelope) -> bool:
        """`_run`, and for a bug all its tries at once: no later delivery finds the code mended.

        Meanwhile a broker that keeps an order brings nothing else. What a dependency is to blame for is waited for:
        the events behind it could not be handled either.
        """
        for _ in range(TRIES - 1):
            try:
                return await self._run(handler, envelope)
            except (Drop, *PASSING):
                raise
            except Exception:
                self._metrics.handled(handler.name, "retry")
                await asyncio.sleep(PAUSE)
        return await self._run(handler, envelope)

    async def _run(self, handler: Handler, envelope: Envelope) -> bool:
        """Whether it ran now; False when it had before."""
        context = self._context_of(envelope)
        context.idempotency_key = f"{envelope.id}/{handler.name}"  # a second try makes the calls of the first
        note = insert(inbox).values(event_id=envelope.id, handler=handler.name).on_conflict_do_nothing()
        about = {"messaging.destination.name": envelope.type, "messaging.message.id": envelope.id}
        with doing(context, f"process {handler.name}", "consumer", about):
            async with asyncio.timeout(HANDLING), enclosing(self._db(), envelope.principal) as change:
                noted: CursorResult[Any] = await change.execute(note)
                if not noted.rowcount:
                    return False
                await handler(envelope, change)
                return True

    def _context_of(self, envelope: Envelope) -> Context:
        """What is done because of an event is a part of the request behind it."""
        context = background(self._app_id, seconds=HANDLING)
        context.trace_id, context.span_id, context.flags, context.parent_id = read_traceparent(envelope.traceparent)
        context.request_id = read_request_id(envelope.correlation_id, context.trace_id)
        context.causation_id = envelope.id
        context.principal = envelope.principal
        return context

    async def _tell_unreadable(self, topic: str, body: bytes) -> None:
        if why := problem(unwrapped(body)):
            await self._give_up(topic, Envelope("", "", "", "", "", "", "", None), 1, {"": why})

    async def _give_up(self, topic: str, envelope: Envelope, attempt: int, problems: Mapping[str, str]) -> None:
        """Tell that the event goes to the dead letters, which themselves say neither why nor whose they are."""
        self._log.error("event given up", id=envelope.id, topic=topic, attempt=attempt, problems=dict(problems))
        if topic.endswith(".event-failed"):
            return  # one that tells of a failed one would never end
        who = service(self._app_id, envelope.tenant or "platform")
        about = {"event": envelope.id or "unknown", "topic": topic, "type": envelope.type, "attempt": attempt}
        try:
            with acting(self._context_of(envelope)):
                async with self._db().change(who) as change:
                    for handler, problem in problems.items():
                        change.publish(self._failed.model_validate({**about, "handler": handler, "problem": problem}))
        except AppError as error:
            self._log.error("its failure could not be published", id=envelope.id, problem=error.detail)


def subscriptions(app_id: str, handled: Iterable[str], listened: Iterable[str], pubsub: str) -> list[dict[str, Any]]:
    """What daprd is told at /dapr/subscribe: topics of handlers and of a listener, which gets their bytes."""
    topics = dict.fromkeys(handled, False) | dict.fromkeys(listened, True)
    mine = dead_letters(app_id)
    if topics:
        topics.setdefault(mine, True)  # to tell of what daprd could not read
    told = []
    for topic, raw in sorted(topics.items()):
        one: dict[str, Any] = {"pubsubname": pubsub, "topic": topic, "routes": {"default": f"/dapr/events/{topic}"}}
        if topic != mine:  # else what is there would come again for ever
            one["deadLetterTopic"] = mine
        if raw:
            one["metadata"] = RAW
        told.append(one)
    return told


def _problem(error: Exception) -> str:
    """In words, and without what an unexpected exception's text may carry."""
    if isinstance(error, AppError):
        return f"{error.code}: {error.detail}"
    if isinstance(error, Retry):
        return str(error) or "the handler asked for a later time"
    if isinstance(error, TimeoutError):
        return f"the handler took longer than {HANDLING:.0f} s"
    return f"{type(error).__name__} in the handler"
