"""Spans: what this app did for a request and how long each part took, as OpenTelemetry has them.

A span is made when it ends, from ids the context has anyway, and somebody else takes it from there: a request pays a
few microseconds for each.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from socket import gethostname
from typing import Literal

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from ._context import Context, background, current_or_none, enter, leave
from ._errors import AppError
from ._settings import VERSION, AppSettings
from ._uuid7 import uuid7

Kind = Literal["server", "client", "producer", "consumer", "internal"]
Attributes = Mapping[str, str | int | float | bool]
Learnt = dict[str, str | int | float | bool]
Taker = Callable[[ReadableSpan], None]

START = "process start"
_SCOPE = InstrumentationScope("chassis")
_FLAGS = TraceFlags(TraceFlags.SAMPLED)
_taker: Taker | None = None  # one a process, as OpenTelemetry has it


def taken_by(taker: Taker | None) -> None:
    """Hand every span of this process to `taker`, which must not wait; None: there are none from now on."""
    global _taker
    _taker = taker


class Span:
    """A part of what is done for the request of `context`, from now until `end`."""

    __slots__ = ("_attributes", "_began", "_context", "_kind", "_name", "_parent", "id")

    def __init__(self, context: Context, name: str, kind: Kind, attributes: Attributes) -> None:
        self.id, self._parent, self._context = os.urandom(8).hex(), context.span_id, context
        self._name, self._kind, self._attributes = name, kind, attributes
        self._began = time.time_ns()

    @classmethod
    def whole(cls, context: Context, name: str, kind: Kind, attributes: Attributes, took: float) -> "Span":
        """All that this app does in `context`, since `took` seconds."""
        span = cls(context, name, kind, attributes)
        span.id, span._parent = context.span_id, context.parent_id or ""
        span._began -= int(took * 1e9)
        return span

    @property
    def traceparent(self) -> str:
        """The W3C header for whoever is called within this span."""
        context = self._context
        if _taker is None or not context.sampled:
            return context.traceparent  # nobody will ever see this span
        return f"00-{context.trace_id}-{self.id}-{context.flags}"

    def end(self, error: str = "", also: Attributes | None = None, *, failed: bool | None = None) -> None:
        """`error` is what went wrong, as a code: a failure of this app, unless `failed` says that it is its caller's.
        `also` are attributes known only now."""
        if _taker is None or not self._context.sampled:
            return
        trace = int(self._context.trace_id, 16)
        failed = bool(error) if failed is None else failed
        attributes = {**self._attributes, **(also or {}), **({"error.type": error} if error else {})}
        _taker(
            ReadableSpan(
                name=self._name,
                context=SpanContext(trace, int(self.id, 16), False, _FLAGS),
                parent=SpanContext(trace, int(self._parent, 16), True, _FLAGS) if self._parent else None,
                resource=_resource(self._context.app_id),
                attributes=attributes,
                kind=SpanKind[self._kind.upper()],
                status=Status(StatusCode.ERROR, error) if failed else Status(StatusCode.UNSET),
                start_time=self._began,
                end_time=time.time_ns(),
                instrumentation_scope=_SCOPE,
            )
        )


@contextmanager
def doing(context: Context, name: str, kind: Kind, attributes: Attributes) -> Iterator[Context]:
    """The block in `context`, and its span: what an event, a job or a workflow's step makes this app do."""
    part, token = Span.whole(context, name, kind, attributes, 0.0), enter(context)
    try:
        with _ending(part):
            yield context
    finally:
        leave(token)


def announce(settings: AppSettings) -> None:
    """A span of its own that tells when this process began, where, as which version and with which settings given."""
    context = background(settings.app_id)
    context.flags = "01"
    about: Learnt = {name: str(value) for name, value in _resource(settings.app_id).attributes.items()}
    given = {f"platform.setting.{name}": digest for name, digest in settings.digests().items()}
    where: Learnt = {"host.name": gethostname(), "server.port": settings.app_port}
    with doing(context, START, "internal", {**about, **where, **given}):
        pass


@contextmanager
def span(name: str, attributes: Attributes, *, kind: Kind = "client", blame: str = "") -> Iterator[Learnt]:
    """The block as a span of the running request; of work that no request, event or job asked for there is none.

    It failed when the block raises an error whose code begins with `blame`: others merely pass through it. The block
    may add attributes that it learns; with an `error.type` among them it failed too.
    """
    context = current_or_none()
    if _taker is None or context is None or not context.sampled:
        yield {}
        return
    with _ending(Span(context, name, kind, attributes), blame) as also:
        yield also


@contextmanager
def _ending(part: Span, blame: str = "") -> Iterator[Learnt]:
    error, also = "", Learnt()
    try:
        yield also
    except BaseException as problem:
        code = problem.code if isinstance(problem, AppError) else type(problem).__name__
        error = code if code.startswith(blame) else ""
        raise
    finally:
        part.end(error or str(also.get("error.type", "")), also)


@cache
def _resource(app_id: str) -> Resource:
    """Who made the span, in the names of OpenTelemetry's semantic conventions."""
    return Resource({"service.name": app_id, "service.version": VERSION, "service.instance.id": uuid7().hex})
