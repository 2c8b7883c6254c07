"""Spans as an exporter sends them."""

import os
import time
from typing import Any

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from chassis.testing import AppClient

FLAGS = TraceFlags(1)


def trace_id() -> str:
    return os.urandom(16).hex()


def span(
    trace: str,
    name: str = "GET /v0",
    *,
    service: str = "api-gateway",
    id: str = "",
    parent: str = "",
    kind: str = "server",
    began: float = 0.0,
    took: float = 10.0,
    error: str = "",
    **attributes: Any,
) -> ReadableSpan:
    """`began` and `took` are milliseconds, `began` after a moment of today."""
    start = MOMENT + int(began * 1e6)
    context = SpanContext(int(trace, 16), int(id or os.urandom(8).hex(), 16), False, FLAGS)
    return ReadableSpan(
        name=name,
        context=context,
        parent=SpanContext(int(trace, 16), int(parent, 16), True, FLAGS) if parent else None,
        resource=Resource({"service.name": service}),
        kind=SpanKind[kind.upper()],
        status=Status(StatusCode.ERROR, error) if error else Status(StatusCode.UNSET),
        start_time=start,
        end_time=start + int(took * 1e6),
        attributes={name.replace("_", "."): value for name, value in attributes.items()},
    )


MOMENT = time.time_ns()


def encoded(*spans: ReadableSpan) -> bytes:
    return bytes(encode_spans(list(spans)).SerializeToString())


class Telemetry:
    """The app's telemetry port, without the port."""

    def __init__(self, app: Any) -> None:
        self._client = AppClient(app.state.chassis.telemetry)

    async def send(self, *spans: ReadableSpan) -> int:
        return (await self.post(encoded(*spans))).status

    async def post(self, body: bytes, **headers: str | None) -> Any:
        sent = {"content-type": "application/x-protobuf", **{k.replace("_", "-"): v for k, v in headers.items()}}
        return await self._client.post("/v1/traces", body=body, headers=sent)
