"""The same thing as JSON, as text or as a page, whichever the client asks for."""

from dataclasses import asdict
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from apps.api_gateway.domain.catalogue import Catalogue, Page
from apps.api_gateway.domain.pages import layout
from apps.api_gateway.domain.pages import problems as problem_pages
from apps.api_gateway.domain.why import text
from apps.api_gateway.domain.why.verdict import Verdict

JSON = "application/json"
HTML = "text/html; charset=utf-8"


def verdict(judged: Verdict, request: Request) -> Any:
    if _prefers(request, "text/plain", JSON):
        return Response(text.render(judged), media_type="text/plain; charset=utf-8")
    return judged


def document(content: bytes) -> Response:
    return Response(content, media_type=JSON)


def page(html: str) -> Response:
    return Response(html, media_type=HTML, headers={"content-security-policy": layout.CONTENT_SECURITY_POLICY})


def problems(catalogue: Catalogue, request: Request) -> Response:
    if _prefers(request, "text/html", JSON):
        return page(problem_pages.index(catalogue))
    return document(orjson.dumps([asdict(each) for each in catalogue.pages]))


def problem(described: Page, request: Request) -> Response:
    if _prefers(request, "text/html", JSON):
        return page(problem_pages.single(described))
    return document(orjson.dumps({**asdict(described), "example": described.example()}))


def _prefers(request: Request, first: str, second: str) -> bool:
    """Whether `first` is named in Accept, and not after `second`."""
    accept = request.headers.get("accept", "")
    return first in accept and (second not in accept or accept.index(first) < accept.index(second))
