"""POST /v1/traces on the telemetry port: OTLP/HTTP with protobuf, from apps, sidecars and anything else that traces.

Not through the mesh: what watches it must not depend on it.
"""

import zlib

import orjson
from starlette.types import Receive, Scope, Send

from apps.analytics_service.clients import Copies
from apps.analytics_service.domain.spans import Unreadable, read
from apps.analytics_service.service import Traces

LARGEST = 4 * 2**20  # bytes, unpacked
PROTOBUF = b"application/x-protobuf"


class Refused(Exception):
    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Intake:
    """An ASGI application. Its answers are those of the OTLP specification."""

    def __init__(self, traces: Traces, copies: Copies) -> None:
        self._traces, self._copies = traces, copies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await _body(scope, receive)
            spans = read(body)
            if self._traces.take(spans):
                raise Refused(503, "there is no room for all of these spans now")
            self._copies.offer(body)
        except Unreadable as error:
            await _answer(send, 400, f"this is no ExportTraceServiceRequest: {error}")
        except Refused as error:
            await _answer(send, error.status, str(error))
        else:
            await _answer(send, 200, "")


async def _body(scope: Scope, receive: Receive) -> bytes:
    headers = dict(scope["headers"])
    if scope["path"] != "/v1/traces":
        raise Refused(404, "spans are taken at POST /v1/traces")
    if scope["method"] != "POST":
        raise Refused(405, "spans are taken by POST")
    if headers.get(b"content-type") != PROTOBUF:
        raise Refused(415, f"spans are taken as {PROTOBUF.decode()}")
    packed = headers.get(b"content-encoding", b"identity")
    if packed not in (b"identity", b"gzip"):
        raise Refused(415, "spans are taken plain or with gzip")
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, "the request broke off")
        body += message.get("body", b"")
        if len(body) > LARGEST:
            raise Refused(413, f"at most {LARGEST} bytes are taken")
        if not message.get("more_body"):
            return _unpacked(body) if packed == b"gzip" else body


def _unpacked(body: bytes) -> bytes:
    unpacking = zlib.decompressobj(wbits=31)
    try:
        plain = unpacking.decompress(body, LARGEST)
    except zlib.error as error:
        raise Refused(400, f"it is not packed with gzip: {error}") from None
    if unpacking.unconsumed_tail:
        raise Refused(413, f"at most {LARGEST} bytes are taken")
    if not unpacking.eof:
        raise Refused(400, "what is packed has no end")
    return plain


async def _answer(send: Send, status: int, why: str) -> None:
    # A success is an empty ExportTraceServiceResponse, which has no bytes.
    body = orjson.dumps({"message": why}) if why else b""
    kind = b"application/json" if why else PROTOBUF
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    if status == 503:
        headers.append((b"retry-after", b"1"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
