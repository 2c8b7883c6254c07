"""Spans as they come: OTLP (opentelemetry.io/docs/specs/otlp), read into what the rest of the app works with."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Wire
from opentelemetry.proto.trace.v1.trace_pb2 import Status

KINDS = ("internal", "internal", "server", "client", "producer", "consumer")
MOST_ATTRIBUTES = 32
LONGEST = 300  # characters of a text
TENANT = "platform.tenant"


class Unreadable(ValueError):
    """It is no OTLP."""


@dataclass(frozen=True, slots=True)
class Span:
    """`began` and `ended` are Unix time in nanoseconds, ids are hexadecimal, `error` is empty when it went well."""

    trace_id: str
    id: str
    parent: str
    service: str
    name: str
    kind: str
    began: int
    ended: int
    error: str
    failed: bool
    attributes: dict[str, Any]

    @property
    def took(self) -> float:
        """Milliseconds."""
        return max(0, self.ended - self.began) / 1e6

    @property
    def tenant(self) -> str | None:
        return self.attributes.get(TENANT)


def read(body: bytes) -> list[Span]:
    """The spans of an ExportTraceServiceRequest. Raises Unreadable."""
    try:
        request = ExportTraceServiceRequest.FromString(body)
    except DecodeError as error:
        raise Unreadable(str(error)) from None
    return list(_spans(request))


def _spans(request: ExportTraceServiceRequest) -> Iterator[Span]:
    for of_resource in request.resource_spans:
        resource = _values(of_resource.resource.attributes)
        service = str(resource.get("service.name", "unknown"))
        for scope in of_resource.scope_spans:
            for wire in scope.spans:
                if len(wire.trace_id) == 16 and len(wire.span_id) == 8:  # others are invalid by the specification
                    yield _span(wire, service)


def _span(wire: Wire, service: str) -> Span:
    attributes = _values(wire.attributes)
    failed = wire.status.code == Status.STATUS_CODE_ERROR
    error = str(attributes.pop("error.type", "") or (wire.status.message or "error" if failed else ""))
    return Span(
        trace_id=wire.trace_id.hex(),
        id=wire.span_id.hex(),
        parent=wire.parent_span_id.hex(),
        service=service[:LONGEST],
        name=wire.name[:LONGEST],
        kind=KINDS[wire.kind] if wire.kind < len(KINDS) else "internal",
        began=wire.start_time_unix_nano,
        ended=wire.end_time_unix_nano,
        error=error[:LONGEST],
        failed=failed,
        attributes=attributes,
    )


def _values(pairs: "list[KeyValue]") -> dict[str, Any]:
    """Plain values; lists and maps are left out, nobody looks at them here."""
    found: dict[str, Any] = {}
    for pair in pairs[:MOST_ATTRIBUTES]:
        kind = pair.value.WhichOneof("value")
        if kind in ("string_value", "bool_value", "int_value", "double_value"):
            value = getattr(pair.value, kind)
            found[pair.key[:LONGEST]] = value[:LONGEST] if isinstance(value, str) else value
    return found
