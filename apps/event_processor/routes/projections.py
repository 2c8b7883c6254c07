"""Projections: define, read, pause, rebuild, check."""

from typing import Annotated

from fastapi import Path, Query

from apps.event_processor.service import Projections
from chassis import Principal, Router
from contracts.event_processor import (
    Projection,
    ProjectionCheck,
    ProjectionDefinition,
    ProjectionRow,
    ShortName,
    Text,
)
from contracts.listing import Listing

router = Router(prefix="/api/v1/events/projections", tags=["Projections"])

Called = Annotated[ShortName, Path()]
Forced = Annotated[bool, Query(description="Even though events of its streams were dropped.")]
After = Annotated[Text | None, Query(alias="cursor", description="`next` of the page before.")]


@router.get("", summary="List projections")
async def list_projections(who: Principal, projections: Projections) -> Listing[Projection]:
    """All of yours, with how far they are."""
    return await projections.all(who)


@router.get("/{name}", summary="Get a projection")
async def get_projection(name: Called, who: Principal, projections: Projections) -> Projection:
    """State, position, lag. Raises UnknownProjection (404)."""
    return await projections.get(name, who)


@router.put("/{name}", audit="projections.define", summary="Define a projection")
async def define_projection(
    name: Called, definition: ProjectionDefinition, who: Principal, projections: Projections
) -> Projection:
    """Another definition makes it again from the log. Raises TooManyProjections (409)."""
    return await projections.put(name, definition, who)


@router.delete(
    "/{name}", status_code=204, response_model=None, audit="projections.delete", summary="Delete a projection"
)
async def delete_projection(name: Called, who: Principal, projections: Projections) -> None:
    """With its rows. Raises UnknownProjection (404)."""
    await projections.delete(name, who)


@router.get("/{name}/rows", summary="Read a projection")
async def list_rows(
    name: Called, who: Principal, projections: Projections, cursor: After = None
) -> Listing[ProjectionRow]:
    """In order of their keys. Raises UnknownProjection (404)."""
    return await projections.rows(name, cursor or "", who)


@router.post("/{name}/pause", audit="projections.pause", summary="Pause a projection")
async def pause_projection(name: Called, who: Principal, projections: Projections) -> Projection:
    """Raises UnknownProjection (404)."""
    return await projections.set(name, "paused", who)


@router.post("/{name}/resume", audit="projections.resume", summary="Let a projection go on")
async def resume_projection(name: Called, who: Principal, projections: Projections) -> Projection:
    """From where it stopped. Raises UnknownProjection (404)."""
    return await projections.set(name, "running", who)


@router.post("/{name}/rebuild", audit="projections.rebuild", summary="Make a projection again from the log")
async def rebuild_projection(
    name: Called, who: Principal, projections: Projections, force: Forced = False
) -> Projection:
    """Raises UnknownProjection (404), LogIncomplete (409)."""
    return await projections.rebuild(name, who, force=force)


@router.post("/{name}/check", no_audit="changes nothing", summary="Compare a projection with the log")
async def check_projection(name: Called, who: Principal, projections: Projections) -> ProjectionCheck:
    """Folds the whole log anew: slow on a long one. Raises UnknownProjection (404)."""
    return await projections.check(name, who)
