"""What the metadata of an action should look like."""

from typing import Annotated

from fastapi import Path

from apps.audit_service.service import Schemas
from chassis import Principal, Router
from contracts.audit_service import ActionSchema, NewActionSchema
from contracts.listing import Listing

router = Router(prefix="/api/v1/audit/schemas", tags=["Audit"])

Action = Annotated[str, Path(max_length=100, pattern=r"^[a-z0-9]+([-._][a-z0-9]+)*$")]


@router.get("", summary="List the schemas of actions")
async def list_schemas(who: Principal, schemas: Schemas) -> Listing[ActionSchema]:
    """The newest of each action that has one."""
    return Listing(items=await schemas.newest(who))


@router.get("/{action}", summary="List an action's schemas")
async def list_versions(action: Action, who: Principal, schemas: Schemas) -> Listing[ActionSchema]:
    """All versions, newest first."""
    return Listing(items=await schemas.of(action, who))


@router.put("/{action}", audit="audit.set-schema", status_code=201, summary="Set an action's schema")
async def set_schema(action: Action, new: NewActionSchema, who: Principal, schemas: Schemas) -> ActionSchema:
    """A new version. Entries from now on are checked against it; one that does not fit is taken and flagged.
    Raises BadSchema (422), SchemaRaced (409)."""
    return await schemas.add(action, new.json_schema, who)
