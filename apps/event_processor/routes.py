"""GET /api/v1/event-processor/{base}."""

from typing import Annotated

from fastapi import Path

from apps.event_processor.service import Summaries
from chassis import Router
from contracts.event_processor import Summary

router = Router(prefix="/api/v1/event-processor", tags=["event-processor"])

BaseId = Annotated[str, Path(pattern="^app[A-Za-z0-9]{14}$")]


@router.get("/{base}")
async def summarise(base: BaseId, summaries: Summaries) -> Summary:
    """What is in a base: its tables, and the widest of them. Raises UnknownBase (404)."""
    return await summaries.of(base)
