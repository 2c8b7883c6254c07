"""A schema in other forms."""

from typing import Annotated, Any

from fastapi import Header, Query
from starlette.responses import Response

from apps.schema_service.domain import LANGUAGES
from apps.schema_service.routes.parameters import At, BaseId
from apps.schema_service.service import Generated, Views
from chassis import Principal, Router
from contracts.schema_service import Dependencies, Impact, ImpactQuery, ModelQuery, Outline, Slim, SlimText

router = Router(prefix="/api/v1/schemas/{base}", tags=["Schemas"])

Accept = Annotated[str, Header(include_in_schema=False)]
IfNoneMatch = Annotated[str, Header(include_in_schema=False)]
_TEXT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {}}}}


@router.get(
    "/models",
    summary="Generate models",
    response_class=Response,
    responses={200: {"content": {language.media_type: {} for language in LANGUAGES.values()}}, 304: {}},
)
async def models(
    base: BaseId, asked: Annotated[ModelQuery, Query()], who: Principal, views: Views, if_none_match: IfNoneMatch = ""
) -> Response:
    """A file for each format: pydantic, TypedDict, pyairtable's ORM, TypeScript, JSON Schema, SQL for PostgreSQL,
    Markdown, an ERD for Mermaid. The same version always gives the same bytes; 304 for who has them."""
    return _file(await views.models(base, asked, who), if_none_match)


@router.get("/slim", summary="The schema for a language model", response_model=Slim, responses=_TEXT)
async def slim(base: BaseId, which: At, who: Principal, views: Views, accept: Accept = "") -> Slim | Response:
    """In about a tenth of the tokens; nothing is lost but ids, colours, icons and views. As text for who accepts it."""
    told = await views.slim(base, which, who)
    return _text(told.text) if _wants_text(accept) else told


@router.post("/expand", summary="Expand a slim view", no_audit="it changes nothing")
async def expand(base: BaseId, slim: SlimText, which: At, who: Principal, views: Views) -> Outline:
    """The tables and fields that a slim view tells, with their ids where the version has them. Raises NotSlim (422)."""
    return await views.expand(base, which, slim.text, who)


@router.get("/dependencies", summary="What needs what", response_model=Dependencies, responses=_TEXT)
async def dependencies(
    base: BaseId, which: At, who: Principal, views: Views, accept: Accept = ""
) -> Dependencies | Response:
    """The graph of links, lookups, rollups, counts and formulas, by field ids; as text for who accepts text/plain."""
    told = await views.dependencies(base, which, who)
    return _text(told.text) if _wants_text(accept) else told


@router.get("/impact", summary="What breaks if this changes", response_model=Impact, responses=_TEXT)
async def impact(
    base: BaseId, asked: Annotated[ImpactQuery, Query()], who: Principal, views: Views, accept: Accept = ""
) -> Impact | Response:
    """Everything in the base that a change of a table or field reaches, and by which way. Raises UnknownThing (404)."""
    told = await views.impact(base, asked, who)
    return _text(told.text) if _wants_text(accept) else told


def _file(generated: Generated, known: str) -> Response:
    headers = {
        "etag": generated.etag,
        "cache-control": "private, no-cache",
        "content-disposition": f'inline; filename="{generated.name}"',
    }
    if generated.etag in (one.strip().removeprefix("W/") for one in known.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(generated.text, headers=headers, media_type=f"{generated.media_type}; charset=utf-8")


def _text(text: str) -> Response:
    return Response(text + "\n", media_type="text/plain; charset=utf-8")


def _wants_text(accept: str) -> bool:
    return accept.startswith("text/plain")
