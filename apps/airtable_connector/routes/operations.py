"""The journal of writes."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from apps.airtable_connector.service import Operations
from chassis import Principal, Router
from contracts.airtable_connector import Operation, OperationsQuery, OperationSummary
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
