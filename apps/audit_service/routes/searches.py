"""Searches that are kept by name."""

from typing import Annotated

from fastapi import Path, Query

from apps.audit_service.domain.reading import reader
from apps.audit_service.service import Reading, Searches
from chassis import Principal, Router
from contracts.audit_service import EntriesPage, EntriesQuery, Filter, SavedSearch, TrailEntry
from contracts.listing import Listing

router = Router(prefix="/api/v1/audit/searches", tags=["Audit"])

Name = Annotated[str, Path(max_length=100, pattern=r"^[a-z0-9]+([-._][a-z0-9]+)*$")]


@router.get("", summary="List kept searches")
async def list_searches(who: Principal, searches: Searches) -> Listing[SavedSearch]:
    """The tenant's, by name; at most 500."""
    return Listing(items=await searches.all(who))


@router.get("/{name}", summary="A kept search")
async def get_search(name: Name, who: Principal, searches: Searches) -> SavedSearch:
    """What it asks for. Raises UnknownSearch (404)."""
    return await searches.one(name, who)


@router.get("/{name}/entries", summary="Run a kept search")
async def run_search(
    name: Name, asked: Annotated[EntriesPage, Query()], who: Principal, searches: Searches, reading: Reading
) -> Listing[TrailEntry]:
    """Its entries of now, newest first. Raises UnknownSearch (404)."""
    kept = (await searches.one(name, who)).filter
    query = EntriesQuery(**kept.model_dump(), **asked.model_dump())
    return await reading.page(query, reader(who, asked.trail))


@router.put("/{name}", audit="audit.set-search", summary="Keep a search")
async def set_search(name: Name, asked: Filter, who: Principal, searches: Searches) -> SavedSearch:
    """For everybody of the tenant; one of the same name is replaced. Raises SearchesFull (409)."""
    return await searches.set(name, asked, who)


@router.delete(
    "/{name}", audit="audit.delete-search", status_code=204, response_model=None, summary="Keep a search no more"
)
async def delete_search(name: Name, who: Principal, searches: Searches) -> None:
    """The trail stays as it is. Raises UnknownSearch (404)."""
    await searches.delete(name, who)
