"""What a sidecar's own failures mean. Every line was seen with a real daprd; `tests/chassis` repeats it."""

from dataclasses import dataclass

import orjson

from ._breaker import PROBES_EVERY, Breaker
from ._codes import (
    AnswerLost,
    BreakerOpen,
    HeadersTooLarge,
    MeshDenied,
    PeerTimeout,
    PeerUnavailable,
    RequestTooLarge,
    SidecarUnavailable,
)
from ._errors import AppError

RETRY_SOON = {"Retry-After": "1"}


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed call. `retry`: sent again it cannot happen twice. `counts`: against the callee's breaker."""

    error: AppError
    retry: bool
    counts: bool


# (what daprd's message contains, what was seen in words). In all of these nothing was handed to the callee's app.
_NOT_REACHED = (
    (
        "no host found",
        "no app of this id is registered: the id is unknown, or its sidecar is gone for good",
    ),
    ("failed to resolve", "its address could not be resolved"),
    ("app is not in a healthy state", "its app does not answer its health checks"),
    ("app channel is not initialized", "its app is not connected to its sidecar"),
    ("error invoking app channel: dial", "its app is not listening"),
)


def message_of(status: int, content_type: str, body: bytes) -> str | None:
    """The message of an error made by daprd and not by an app, otherwise None.

    daprd answers JSON with `errorCode` (never our problem content type), and plain text before it routes.
    """
    if status in (401, 431) and content_type.startswith("text/plain"):
        return body.decode(errors="replace")
    if not content_type.startswith("application/json"):
        return None
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(document, dict) or "errorCode" not in document:
        return None
    return f"{document['errorCode']} {document.get('message', '')}"


def of_answer(status: int, message: str, *, callee: str, caller: str, safe: bool) -> Failure:
    """The failure behind an answer that daprd made itself."""
    if status == 403:
        denied = f"The mesh does not let {caller} make this call to {callee}. `make configure` writes the access rules."
        return Failure(MeshDenied(denied, service=callee), retry=False, counts=False)
    if status == 401:
        return sidecar_gone(caller, "its sidecar refused the app's token")
    if status == 431:
        return Failure(HeadersTooLarge("The headers are larger than the mesh carries.", service=caller), False, False)
    if "stream too large" in message:
        return Failure(RequestTooLarge("The body is larger than the mesh carries.", service=caller), False, False)
    if "retries. Error" in message:
        return lost(callee, safe)  # daprd's own retries tell of the last attempt; an earlier one may have got through
    for sign, seen in _NOT_REACHED:
        if sign in message:
            return Failure(unavailable(callee, seen), retry=True, counts=True)
    if "connection refused" in message:
        seen = "its app is not listening" if "app channel" in message else "its sidecar is gone"
        return Failure(unavailable(callee, seen), retry=True, counts=True)
    if "deadline exceeded" in message.lower():
        return Failure(timed_out(callee), retry=False, counts=True)
    return lost(callee, safe)


def unavailable(callee: str, seen: str) -> PeerUnavailable:
    detail = f"{callee} is not available: {seen}. The request did not reach it; send it again."
    return PeerUnavailable(detail, service=callee, headers=RETRY_SOON)


def timed_out(callee: str) -> PeerTimeout:
    return PeerTimeout(f"{callee} did not answer within the time this request had.", service=callee)


def sidecar_silent(caller: str) -> PeerTimeout:
    return PeerTimeout(f"The sidecar of {caller} does not answer. The request may have passed it.", service=caller)


def lost(callee: str, safe: bool) -> Failure:
    """The connection went while the call was under way."""
    if safe:
        detail = f"The connection to {callee} was lost before its answer came. Send the request again."
        return Failure(PeerUnavailable(detail, service=callee, headers=RETRY_SOON), retry=True, counts=True)
    detail = f"The connection to {callee} was lost before its answer came. It may have done what was asked: look first."
    return Failure(AnswerLost(detail, service=callee), retry=False, counts=True)


def sidecar_gone(own: str, seen: str = "its sidecar is not listening") -> Failure:
    """The caller's own sidecar; no callee is to blame and no breaker counts it."""
    detail = f"{own} cannot reach the mesh: {seen}. The request went nowhere; send it again."
    return Failure(SidecarUnavailable(detail, service=own, headers=RETRY_SOON), retry=True, counts=False)


def left_alone(callee: str, breaker: Breaker) -> BreakerOpen:
    seen = f"{callee} failed {breaker.failures} times in a row and is tried again every {PROBES_EVERY} s."
    return BreakerOpen(seen, service=callee, headers=RETRY_SOON)
