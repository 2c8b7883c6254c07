"""What a request carries with it through the app: trace, time, identity. Set once by the edge, read anywhere."""

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._errors import AppError
    from ._principal import Principal
    from ._unit import Unit

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


Target = tuple[str, str]  # what kind of thing an audit entry names, and its id


@dataclass(slots=True)
class Noted:
    """What an app's code said for the request's audit entry; `unresolved`: how it ends will be found out later."""

    targets: list[Target] = field(default_factory=list)
    metadata: dict[str, str | int] = field(default_factory=dict)
    unresolved: bool = False


@dataclass(slots=True)
class Context:
    """One request's context. `deadline` is a `time.monotonic()` instant; None means background work without one.

    `parent_id` is the span of whoever asked. Sampled, by the W3C flag, is what somebody asked for: requests, events,
    jobs and workflows, and not what an app does by itself all the time.
    `authorization` is what is forwarded to peers (the internal JWT), never a client's key.
    `causation_id` is the event being handled, here or by the caller; `request_id` then is of the request behind it.
    `error` is what the request is answered with, `noted` what the app's code said for its audit entry, `unit` what it
    changes; `audited`: its entry is written, or there is none to write.
    `hops` collects (app-id, milliseconds) of the calls made, for the `Server-Timing` header; `unsafe_calls` counts
    those that change something, by callee and operation.
    """

    app_id: str
    trace_id: str
    span_id: str
    request_id: str
    flags: str = "01"
    parent_id: str | None = None
    deadline: float | None = None
    authorization: str | None = None
    idempotency_key: str | None = None
    caller: str | None = None
    causation_id: str | None = None
    principal: "Principal | None" = None
    hops: list[tuple[str, float]] = field(default_factory=list)
    unsafe_calls: dict[str, int] = field(default_factory=dict)
    error: "AppError | None" = None
    noted: Noted = field(default_factory=Noted)
    unit: "Unit | None" = None
    audited: bool = False

    @property
    def traceparent(self) -> str:
        """The W3C header for a call made on behalf of this request: its parent is this app's span."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"

    @property
    def sampled(self) -> bool:
        return bool(int(self.flags, 16) & 1)

    def remaining(self) -> float | None:
        """Seconds left, possibly negative; None without a deadline."""
        return None if self.deadline is None else self.deadline - time.monotonic()

    def key_of_call(self, callee: str, operation: str) -> str | None:
        """The idempotency key of the next call of `operation`; None when this request came without one.

        Another one for each call, and the same when the whole request is sent again and makes the same calls: two calls
        of one request are two things to do, and a request that comes twice is one. A call that the code itself makes
        again counts as another; it has to give its own key.
        """
        if not self.idempotency_key:
            return None
        named = f"{self.app_id}\n{callee}\n{operation}"
        ordinal = self.unsafe_calls[named] = self.unsafe_calls.get(named, 0) + 1
        return sha256(f"{self.idempotency_key}\n{named}\n{ordinal}".encode()).hexdigest()


_current: ContextVar[Context] = ContextVar("chassis_context")


def current() -> Context:
    """The running request's context. Raises LookupError outside of a request or `background()`."""
    return _current.get()


def current_or_none() -> Context | None:
    return _current.get(None)


def enter(context: Context) -> Token[Context]:
    return _current.set(context)


def leave(token: Token[Context]) -> None:
    _current.reset(token)


@contextmanager
def acting(context: Context) -> Iterator[Context]:
    """Run the block in `context`: with `continued`, as a part of the request that began the work."""
    token = enter(context)
    try:
        yield context
    finally:
        leave(token)


def continued(app_id: str, trace_id: str, request_id: str, *, seconds: float | None = None) -> Context:
    """A context for finishing what an earlier request left: its trace and its id, and time of its own."""
    context = background(app_id, seconds=seconds)
    context.trace_id, context.request_id = trace_id, request_id
    return context


def background(app_id: str, *, seconds: float | None = None) -> Context:
    """A context for work no request asked for: a new trace, not sampled; a deadline only when `seconds` is given."""
    trace_id, span_id, _, _ = read_traceparent(None)
    deadline = None if seconds is None else time.monotonic() + seconds
    return Context(app_id, trace_id, span_id, trace_id, "00", deadline=deadline)


def read_traceparent(header: str | None) -> tuple[str, str, str, str | None]:
    """(trace id, a new span id, flags, parent id): the trace of a valid W3C traceparent, otherwise a new one.

    Per the specification: version ff and all-zero ids are invalid, version 00 has exactly four parts, and later
    versions are read by their first four.
    """
    match = _TRACEPARENT.fullmatch(header) if header else None
    if match:
        version, trace_id, parent_id, flags, rest = match.groups()
        if version != "ff" and not (version == "00" and rest) and trace_id.strip("0") and parent_id.strip("0"):
            return trace_id, os.urandom(8).hex(), flags, parent_id
    return os.urandom(16).hex(), os.urandom(8).hex(), "01", None


def read_request_id(header: str | None, default: str) -> str:
    """The caller's request id when it is harmless in a log line and a header, otherwise `default`."""
    return header if header and _REQUEST_ID.fullmatch(header) else default


def read_timeout(header: str | None) -> float | None:
    """Seconds from an `x-timeout-ms` header; None when absent or not a positive number."""
    if header is None or not header.isascii() or not header.isdigit() or len(header) > 9:
        return None
    return int(header) / 1000 or None
