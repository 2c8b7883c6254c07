"""How the routes of Airtable's own API pass on what they get."""

from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from apps.airtable_connector.domain import requests, shapes
from apps.airtable_connector.domain.calls import Answer, Call
from apps.airtable_connector.routes.airtable_route import AirtableRoute, query_as_sent
from apps.airtable_connector.routes.answering import respond, wants_now
from apps.airtable_connector.service import Direct, Reads, Writes
from chassis import Principal

AIRTABLE: dict[str, Any] = {
    "route_class_override": AirtableRoute,
    "responses": {
        "default": {
            "description": "Airtable's error shape; headers x-platform-code, -service, -fault and x-trace-id.",
            "content": {
                "application/json": {"example": {"error": {"type": "NOT_FOUND", "message": "Record not found"}}}
            },
        }
    },
}


def body_like(example: dict[str, Any]) -> dict[str, Any]:
    content = {"application/json": {"schema": {"type": "object"}, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


def query(request: Request) -> str:
    return query_as_sent(request.scope["query_string"])


def table_of(base: str, table: str) -> str:
    return f"{requests.base_id(base)}/{table}"


async def read(request: Request, call: Call, who: Principal, reads: Reads, *, now: bool = False) -> Response:
    """`now`: never from the cache."""
    served = await reads.serve(call, who.tenant, shapes.AS_IS, bypass=now or wants_now(request))
    return respond(request, served)


async def write(method: str, request: Request, path: str, who: Principal, writes: Writes) -> Response:
    call = await with_body(request, Call(method, path, query(request), base=path.partition("/")[0]))
    operation = writes.begin(call, who)
    answer: Answer = await writes.send(call, operation)
    headers = {"x-platform-operation": operation.id}
    return Response(answer.body, answer.status, headers, media_type=answer.content_type or None)


async def passed_on(method: str, path: str, request: Request, who: Principal, direct: Direct) -> Response:
    """What is no write of records: it goes on as it came."""
    base = next((part for part in path.split("/") if requests.is_base_id(part)), None)
    call = await with_body(request, Call(method, path, query(request), base=base))
    answer = await direct.send(call, who)
    return Response(answer.body, answer.status, media_type=answer.content_type or None)


async def with_body(request: Request, call: Call) -> Call:
    body = await request.body()
    if not body:
        return call
    sent_as = request.headers.get("content-type", call.content_type)
    return replace(call, body=body, content_type=sent_as)
