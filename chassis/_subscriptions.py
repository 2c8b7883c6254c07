"""Handlers of events as an app declares them: a function whose parameters say what it needs."""

import inspect
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

from pydantic import ValidationError

from ._events import Drop, Envelope, Event, Retry, check, owner, parse
from ._principal import Principal
from ._provide import Container

Handle = Callable[..., Awaitable[None]]
Function = TypeVar("Function", bound=Handle)
_MARK, _LISTENS = "__subscribes_to__", "__listens_to__"


def subscribe(event: type[Event]) -> Callable[[Function], Function]:
    """Declare an `async def` as a handler of `event`; the function itself stays as it is.

    It gets the event (the parameter annotated with its class), a Principal, an Envelope or a Change, if it names
    them, and whatever is in `provide=[…]`. It returns nothing, or raises Retry or Drop; any other exception counts as
    Retry. What it changes in the app's database happens once, together with the note that it ran, however often the
    event comes; everything else in it must be safe to run twice.
    """
    check(event)

    def declare(handler: Function) -> Function:
        setattr(handler, _MARK, event)
        return handler

    return declare


@dataclass(frozen=True, slots=True)
class Arrival:
    """What came on a topic, as it came: nobody has looked at it yet."""

    topic: str
    body: bytes

    def envelope(self) -> Envelope:
        """Raises Drop, with the reason, when it is no envelope of this platform."""
        return parse(self.body)


def listen(topics: Iterable[str]) -> Callable[[Function], Function]:
    """Declare an `async def` as what keeps everything that comes on `topics`, valid or not; one app is there for that.

    It gets the Arrival and whatever is in `provide=[…]`, outside of any transaction and without a note in the inbox:
    it recognises by itself what it has. Whatever it raises, the arrival comes again.
    """

    def declare(function: Function) -> Function:
        setattr(function, _LISTENS, tuple(topics))
        return function

    return declare


class Listener:
    """One function under `@listen(…)`, bound to an app."""

    def __init__(self, function: Handle, container: Container) -> None:
        self.name: str = function.__name__
        self.topics: tuple[str, ...] = getattr(function, _LISTENS)
        self._function = function
        self._container = container
        self._wanted = {name: kind for name, kind in get_type_hints(function).items() if name != "return"}
        for name, kind in self._wanted.items():
            if kind is not Arrival and kind not in container:
                raise TypeError(f"{self.name} needs {name}, which is not in provide=[…]")

    async def __call__(self, arrival: Arrival) -> None:
        values = {name: arrival if kind is Arrival else self._container[kind] for name, kind in self._wanted.items()}
        await self._function(**values)


class Handler:
    """One declared handler, bound to an app. Its `name` is what the inbox knows it by: renaming it is a new handler."""

    def __init__(self, function: Handle, container: Container) -> None:
        self.name: str = function.__name__
        self._function = function
        self._container = container
        if not inspect.iscoroutinefunction(function) or not hasattr(function, _MARK):
            raise TypeError(f"{self.name} must be an `async def` under @subscribe(…)")
        self.event: type[Event] = getattr(function, _MARK)
        hints = {name: kind for name, kind in get_type_hints(function).items() if name != "return"}
        self._special = {name: kind for name, kind in hints.items() if self._is_special(kind)}
        self._provided = {name: kind for name, kind in hints.items() if name not in self._special}
        for name in inspect.signature(function).parameters:
            if name not in hints or (name in self._provided and hints[name] not in container):
                raise TypeError(f"{self.name} needs {name}, which is not in provide=[…] and no part of an event")

    @property
    def topic(self) -> str:
        return self.event.TOPIC

    async def __call__(self, envelope: Envelope, change: object) -> None:
        """Run it on what came. Raises Drop for an event of another type or shape."""
        if envelope.type != self.event.TYPE:
            raise Drop(f"its type is {envelope.type}, {self.event.TYPE} is what {self.name} knows")
        if envelope.source != owner(self.topic):
            raise Drop(f"{envelope.source} is not who publishes {self.topic}")
        try:
            event = self.event.model_validate(envelope.data)
        except ValidationError as error:
            fields = sorted({".".join(str(part) for part in each["loc"]) or "data" for each in error.errors()})
            raise Drop(f"not valid as {self.event.TYPE}: {', '.join(fields[:10])}") from None
        values: dict[str, Any] = {name: self._container[kind] for name, kind in self._provided.items()}
        for name, kind in self._special.items():
            if kind is Envelope:
                values[name] = envelope
            elif kind is Principal:
                values[name] = envelope.principal
            else:
                values[name] = event if kind is self.event else change
        await self._function(**values)

    def _is_special(self, kind: Any) -> bool:
        from ._change import Change

        return kind in (self.event, Envelope, Principal, Change)


def listeners(functions: Iterable[Handle], container: Container) -> dict[str, Listener]:
    """Those under `@listen(…)`, by topic. Raises TypeError for a wrong declaration."""
    bound = [Listener(function, container) for function in functions if hasattr(function, _LISTENS)]
    return {topic: listener for listener in bound for topic in listener.topics}


def bind(functions: Iterable[Handle], container: Container) -> dict[str, list[Handler]]:
    """The handlers by topic. Raises TypeError for a wrong declaration and for two of one name."""
    by_topic: dict[str, list[Handler]] = {}
    names: set[str] = set()
    for handler in (Handler(function, container) for function in functions if not hasattr(function, _LISTENS)):
        if handler.name in names:
            raise TypeError(f"two handlers are called {handler.name}: the inbox could not tell them apart")
        names.add(handler.name)
        by_topic.setdefault(handler.topic, []).append(handler)
    return by_topic


def is_next(envelope: Envelope, last: int) -> bool:
    """For a handler that needs the order of a subject's events: whether this one follows number `last`.

    False for one that was applied already. Raises Retry for one that came too early, Drop for one without a number.
    """
    number = envelope.subject_sequence
    if number is None:
        raise Drop("it has no subjectsequence, without which it cannot be put in order")
    if number > last + 1:
        raise Retry(f"number {number} of {envelope.subject} came before number {last + 1}")
    return number == last + 1
