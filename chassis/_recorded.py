"""A route that changes something: its requests are units of work, and known again by their Idempotency-Key."""

from collections.abc import Callable, Iterable

from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ._codes import BadRequest
from ._context import Context, current
from ._idempotency import LONGEST_KEY, Answered, Key, request_hash
from ._principal import Principal
from ._trail import Trail
from ._unit import Unit, enter_unit, leave_unit
from ._wire import SAFE


def record(routes: Iterable[BaseRoute], trail: Callable[[], Trail]) -> None:
    """Have each of these routes that may change something do so in units of work."""
    for route in routes:
        declared = getattr(route, "declared", None)
        if isinstance(route, Route) and declared is not None and declared.method not in SAFE:
            name = f"{declared.method} {declared.path}"
            route.app = Recorded(route.app, name, trail, audited=declared.audit is not None)


class Recorded:
    """A route that changes something, each request in a unit of work."""

    def __init__(self, route: ASGIApp, name: str, trail: Callable[[], Trail], *, audited: bool) -> None:
        self._route, self._name, self._trail, self._audited = route, name, trail, audited

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        context = current()
        key = None
        if context.idempotency_key and context.principal:
            body, complete = await _whole(receive)
            key = self._key(context, context.principal, scope, body) if complete else None
            receive = _again(body, complete, receive)
        unit = context.unit = Unit(self._trail(), context, scope, key, send, audited=self._audited)
        token = enter_unit(unit)
        try:
            await self._route(scope, receive, unit.send)
        except Answered as before:
            await unit.repeat(before.answer)
        finally:
            leave_unit(token)
            await unit.undo()
        if unit.failure is not None:
            raise unit.failure

    def _key(self, context: Context, who: Principal, scope: Scope, body: bytes) -> Key:
        key = context.idempotency_key or ""
        if len(key) > LONGEST_KEY:
            raise BadRequest(f"An Idempotency-Key has at most {LONGEST_KEY} characters.")
        address = scope.get("raw_path") or scope["path"].encode()
        by = f"{who.kind} {who.user} {who.act}".encode()
        same = request_hash(by, scope["method"].encode(), address, scope.get("query_string", b""), body)
        return Key(who.tenant, self._name, key, same, self._trail().seal)


async def _whole(receive: Receive) -> tuple[bytes, bool]:
    """The body, and whether the client sent all of it before it left."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts), False
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts), True


def _again(body: bytes, complete: bool, receive: Receive) -> Receive:
    given = False

    async def first() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": not complete}

    return first
