"""Looking into the trail."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query

from apps.audit_service.domain.reading import reader
from apps.audit_service.routes.parameters import Trail
from apps.audit_service.service import Reading, Retaining
from chassis import Principal, Router
from contracts.audit_service import AccessReport, EntriesQuery, Retention, TrailEntry
from contracts.listing import Listing

router = Router(prefix="/api/v1/audit", tags=["Audit"])

Target = Annotated[str, Query(pattern="^[^:]+:.+$", max_length=301)]


@router.get("/entries", summary="Search the audit trail")
async def list_entries(
    asked: Annotated[EntriesQuery, Query()], who: Principal, reading: Reading
) -> Listing[TrailEntry]:
    """Newest first, by actor, action, outcome, target, service, request, trace, time and text."""
    return await reading.page(asked, reader(who, asked.trail))


@router.get("/entries/{entry}", summary="One entry")
async def get_entry(entry: UUID, who: Principal, reading: Reading, trail: Trail = "own") -> TrailEntry:
    """With its place in the chain. Raises UnknownEntry (404)."""
    return await reading.one(entry, reader(who, trail))


@router.get("/access", summary="Who read or changed this")
async def access(
    target: Target,
    who: Principal,
    reading: Reading,
    since: datetime | None = None,
    until: datetime | None = None,
    trail: Trail = "own",
) -> AccessReport:
    """Everybody who did something with a target (`record:recXXXXXXXXXXXXXX`), by action and outcome, who came last
    first. At most 1,000 lines."""
    return await reading.access(target, since, until, reader(who, trail))


@router.get("/retention", summary="How long entries are kept")
async def get_retention(who: Principal, retaining: Retaining) -> Retention:
    """Days until the bytes of entries go; null: never."""
    return await retaining.get(who)


@router.put("/retention", audit="audit.set-retention", summary="Set how long entries are kept")
async def set_retention(wanted: Retention, who: Principal, retaining: Retaining) -> Retention:
    """Bytes of older entries are erased within the hour, for good, and a signed tombstone tells of it. Their hashes
    stay, so that chain, checkpoints and proofs do. At least 30 days."""
    return await retaining.set(wanted, who)
