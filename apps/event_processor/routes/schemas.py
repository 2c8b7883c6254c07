"""The events that contracts know."""

from typing import Annotated

from fastapi import Path

from apps.event_processor.domain import catalogue
from chassis import Router
from contracts.event_processor import EventSchema, EventSchemaWhole
from contracts.listing import Listing

router = Router(prefix="/api/v1/events/schemas", tags=["Schemas"])


@router.get("", summary="List types of events")
async def list_schemas() -> Listing[EventSchema]:
    """Every type that enters the store, in order."""
    return Listing(items=[catalogue.schema_of(kind) for kind in sorted(catalogue.types())])


@router.get("/{type}", summary="Get the schema of a type of event")
async def get_schema(type: Annotated[str, Path(max_length=200)]) -> EventSchemaWhole:
    """Raises UnknownType (404)."""
    return catalogue.schema_of(type)
