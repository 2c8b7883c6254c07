"""What a call looks like on its way through two sidecars, and what they do to it."""

import asyncio
import io
from collections.abc import AsyncIterator, Iterable, Mapping

import aiohttp
from multidict import CIMultiDict, CIMultiDictProxy

from ._codes import BadRequest
from ._context import Context

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# daprd drops the Content-Length of every 2xx answer, and ends a broken one as if it were whole. The edge of the callee
# sends the length under this name too.
LENGTH = "x-body-length"
# Of an answer that leaves no audit entry: the gateway counts the entries there must be.
UNAUDITED = "x-platform-unaudited"
LARGE = 2**20  # bytes; more would hold up the loop in one write


def path_for_daprd(path: str) -> str:
    """A raw path (and query) so that the callee's app gets exactly that one.

    daprd decodes the path, has the access rules look at it, and hands it on as an encoded one; it leaves the query
    alone. With every `%` encoded once more, `%2F` arrives as `%2F`. Sent as it is, it would arrive as `/`, which is
    another path, and `%3F` would be refused. Raises BadRequest for `.` and `..` segments, which daprd resolves.
    """
    path, mark, query = path.partition("?")
    if "/." in path and not {".", ".."}.isdisjoint(path.split("/")):
        raise BadRequest("A path has no . or .. segments here.")
    return path.replace("%", "%25") + mark + query


def headers_for(
    context: Context,
    authorization: str | None,
    app_id: str,
    headers: Mapping[str, str] | None,
    left: float,
    traceparent: str,
) -> CIMultiDict[str]:
    """`headers` with what travels along: callee, trace, time left, identity."""
    sent = CIMultiDict(headers or ())
    sent["dapr-app-id"] = app_id
    # daprd would ask for gzip by itself, unpack it, and hand it on under the length of what was packed.
    sent.setdefault("accept-encoding", "identity")
    sent["traceparent"] = traceparent
    sent["x-request-id"] = context.request_id
    if context.causation_id:
        sent["x-platform-causation-id"] = context.causation_id  # the gateway lets none in from outside
    sent["x-timeout-ms"] = str(max(1, int(left * 1000)))
    if authorization:
        sent["authorization"] = authorization
    else:
        sent.pop("authorization", None)  # a client's own key never travels inside the mesh
    return sent


def keyed(
    headers: Mapping[str, str] | None, context: Context, app_id: str, method: str, path: str
) -> Mapping[str, str] | None:
    """`headers` with this call's idempotency key, unless they have one or it changes nothing."""
    if method in SAFE or any(name.lower() == "idempotency-key" for name in headers or ()):
        return headers
    key = context.key_of_call(app_id, f"{method} {path.partition('?')[0]}")
    return {**(headers or {}), "idempotency-key": key} if key else headers


def body_of(body: AsyncIterator[bytes] | bytes | None) -> io.BytesIO | bytes | None:
    """A body whose length is known, large ones in a form that is written piece by piece."""
    assert body is None or isinstance(body, bytes)
    return io.BytesIO(body) if body and len(body) > LARGE else body


def restore_length(response: aiohttp.ClientResponse) -> int | None:
    """Give the answer back the Content-Length its app sent; returns it, or None when the app knew none."""
    length = response._headers.get(LENGTH)
    if length is None or not length.isdigit():
        return None
    headers = CIMultiDict(response._headers)
    del headers[LENGTH]
    headers.pop("Transfer-Encoding", None)
    headers["Content-Length"] = length
    response._headers = CIMultiDictProxy(headers)
    response._raw_headers = tuple(
        (name.encode(), value.encode("utf-8", "surrogateescape")) for name, value in headers.items()
    )
    response._cache.clear()  # what aiohttp has derived from the headers before
    return int(length)


def put_back(response: aiohttp.ClientResponse, body: bytes) -> None:
    """Let a body that was read be read again."""
    content = aiohttp.StreamReader(response.content._protocol, 2**16, loop=asyncio.get_running_loop())
    content.feed_data(body)
    content.feed_eof()
    response.content = content


class Upload:
    """A body sent as it comes. Keeps what went wrong on the sender's side, which aiohttp would hide."""

    def __init__(self, body: AsyncIterator[bytes]) -> None:
        self._body = body
        self.error: BaseException | None = None

    async def chunks(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._body:
                yield chunk
        except Exception as error:
            self.error = error
            raise


def marked(
    headers: Iterable[tuple[bytes, bytes]], context: Context, timing: str, *, public: bool
) -> list[tuple[bytes, bytes]]:
    """An answer's headers as they leave an app: with its ids, its time, and inside the mesh its length twice."""
    told = []
    for name, value in headers:
        if name == b"server-timing":
            timing += f", {value.decode('latin-1')}"
        elif name == b"content-length" and not public:
            told += [(name, value), (LENGTH.encode(), value)]
        elif name not in (b"x-trace-id", b"x-request-id"):
            told.append((name, value))
    ids = [(b"x-trace-id", context.trace_id.encode()), (b"x-request-id", context.request_id.encode())]
    return [*told, *ids, (b"server-timing", timing.encode("latin-1"))]
