"""The journal of writes."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from apps.airtable_connector.service import Operations, Reverts
from chassis import Principal, Router
from contracts.airtable_connector import Operation, OperationsQuery, OperationSummary, Revert, Reverted
from contracts.listing import Listing

router = Router(prefix="/api/v1/operations", tags=["Operations"])


@router.get("", summary="List write operations")
async def list_operations(
    asked: Annotated[OperationsQuery, Query()], who: Principal, operations: Operations
) -> Listing[OperationSummary]:
    """Every write that came through the platform, newest first. Give `next` as `cursor` for the next page."""
    return await operations.page(asked, who)


@router.get("/{operation}", summary="Get a write operation")
async def get_operation(operation: UUID, who: Principal, operations: Operations) -> Operation:
    """What it did to each record: before and after. Raises OperationNotFound (404)."""
    return await operations.get(operation, who)


@router.post(
    "/{operation}/revert",
    summary="Undo a write operation",
    audit="operation.revert",
    response_model=Reverted,
    responses={207: {"model": Reverted, "description": "A part was undone: `changes` has the conflicts, `problem`."}},
)
async def revert_operation(operation: UUID, asked: Revert, who: Principal, reverts: Reverts) -> Response:
    """Put back what it changed, bring back what it deleted, delete what it created. What was changed since stays,
    unless forced. Done again it goes on where it stopped; it is an operation itself, and can be undone.
    Raises OperationNotFound (404) and OperationUnfinished (409)."""
    told = await reverts.revert(operation, asked, who)
    headers = {"x-platform-operation": str(told.by)} if told.by else None
    return Response(told.model_dump_json(), 200 if told.complete else 207, headers, media_type="application/json")
