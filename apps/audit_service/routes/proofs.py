"""Proving the trail."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field

from apps.audit_service.domain.reading import reader
from apps.audit_service.routes.parameters import Trail
from apps.audit_service.service import Checkpoints, Verifying
from chassis import Principal, Router
from contracts.audit_service import Checkpoint, ConsistencyProof, InclusionProof, SigningKey, Verification
from contracts.listing import Listing

router = Router(prefix="/api/v1/audit", tags=["Audit"])

Index = Annotated[int, Field(ge=0, lt=2**62)]
Size = Annotated[int, Field(ge=1, lt=2**62)]


@router.get("/verify", summary="Verify the audit trail")
async def verify(
    who: Principal,
    verifying: Verifying,
    first: Annotated[Index, Query(alias="from")] = 0,
    end: Annotated[Index | None, Query(alias="to")] = None,
    trail: Trail = "own",
) -> Verification:
    """Check entries `from` … `to`-1 (all if absent) against their chain, the signed checkpoints and what was exported
    of them. Begins at the checkpoint before `from`. After 8 seconds it says in `next` where to go on."""
    return await verifying.verify(first, end, reader(who, trail))


@router.get("/key", summary="The key checkpoints are signed with")
async def key(checkpoints: Checkpoints) -> SigningKey:
    """The public half. Keep it where the trail is not."""
    return await checkpoints.key()


@router.get("/checkpoints", summary="List checkpoints")
async def list_checkpoints(
    who: Principal,
    checkpoints: Checkpoints,
    cursor: Index = 0,
    page_size: Annotated[int, Query(ge=1, le=1_000)] = 100,
    trail: Trail = "own",
) -> Listing[Checkpoint]:
    """In the order they were signed."""
    found = await checkpoints.page(reader(who, trail), cursor, page_size)
    return Listing(items=found, next=str(found[-1].size) if len(found) == page_size else None)


@router.get("/entries/{entry}/proof", summary="Prove that an entry is in the trail")
async def inclusion(
    entry: UUID, who: Principal, checkpoints: Checkpoints, size: Size | None = None, trail: Trail = "own"
) -> InclusionProof:
    """An inclusion proof in the checkpoint of `size`, the first that covers the entry if absent. Raises UnknownEntry,
    UnknownCheckpoint (404)."""
    return await checkpoints.inclusion(entry, size, reader(who, trail))


@router.get("/consistency", summary="Prove that the trail only grew")
async def consistency(
    first: Size, second: Size, who: Principal, checkpoints: Checkpoints, trail: Trail = "own"
) -> ConsistencyProof:
    """That the checkpoint of `first` entries is the beginning of that of `second`. Raises UnknownCheckpoint (404)."""
    return await checkpoints.consistency(min(first, second), max(first, second), reader(who, trail))
