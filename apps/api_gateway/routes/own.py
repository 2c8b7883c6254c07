"""What the gateway answers itself."""

from typing import Annotated, Any

from fastapi import Path, Request
from starlette.responses import Response

from apps.api_gateway.domain.headers import from_a_browser, shown_key
from apps.api_gateway.domain.why.verdict import Verdict
from apps.api_gateway.routes import presenting
from apps.api_gateway.service.documents import Documents
from apps.api_gateway.service.door import Door
from apps.api_gateway.service.health import Health, PlatformHealth
from apps.api_gateway.service.inquiry import Inquiry
from apps.api_gateway.service.problem_pages import ProblemPages
from chassis import InvalidKey, MissingKey, Router, current

router = Router()

OPEN: dict[str, Any] = {"openapi_extra": {"security": []}}
TEXT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
Asked = Annotated[str, Path(max_length=128, description="A trace id, a request id, or `last`.")]


@router.get("/health", summary="How every app is", **OPEN)
async def platform_health(health: Health) -> PlatformHealth:
    """Asks every routed app through the mesh, all at once, a second each. `degraded` when one is not ready."""
    return await health.now()


@router.get("/api/v1/why/{asked}", summary="Why a request failed", response_model=Verdict, responses=TEXT)
async def why(asked: Asked, request: Request, door: Door, inquiry: Inquiry) -> Any:
    """The cause, the service at fault, the evidence and what to do. As text with `Accept: text/plain`."""
    given = request.scope["headers"]
    who = await door.admit(given, current())
    return presenting.verdict(await inquiry.explain(asked, who.tenant, shown_key(given)), request)


@router.get("/why/{asked}", include_in_schema=False)
async def why_page(asked: Asked, request: Request, door: Door, inquiry: Inquiry) -> Response:
    """For browsers, which ask for the key as a password; the user's name is ignored."""
    given = from_a_browser(request.scope["headers"])
    try:
        who = await door.admit(given, current())
    except (MissingKey, InvalidKey) as refused:
        raise type(refused)(refused.detail, headers={"WWW-Authenticate": 'Basic realm="PyAirtable"'}) from None
    return presenting.page(await inquiry.page(asked, who.tenant, shown_key(given)))


@router.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request, documents: Documents) -> Response:
    return presenting.document(await documents.openapi(request.app.openapi()))


@router.get("/docs", include_in_schema=False)
async def docs(request: Request, documents: Documents) -> Response:
    return presenting.page(await documents.page(request.app.openapi()))


@router.get("/problems", include_in_schema=False)
async def problems(request: Request, pages: ProblemPages) -> Response:
    return presenting.problems(pages, request)


@router.get("/problems/{code}", include_in_schema=False)
async def problem(code: str, request: Request, pages: ProblemPages) -> Response:
    return presenting.problem(pages.described(code), request)
