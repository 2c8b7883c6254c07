"""Take snapshots, look at them, compare them."""

from typing import Annotated

from fastapi import Path, Query

from apps.schema_service.routes.parameters import At, BaseId
from apps.schema_service.service import Schemas
from chassis import Principal, Router
from contracts.listing import Listing
from contracts.schema_service import (
    Candidate,
    Candidates,
    SchemaDiff,
    Snapshot,
    Validation,
    Validations,
    Version,
    Which,
)

router = Router(prefix="/api/v1/schemas/{base}", tags=["Schemas"])

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Asked = Annotated[int, Query(ge=1, le=2**31 - 1)]
PageSize = Annotated[int, Query(ge=1, le=100)]


@router.post("/versions", summary="Take a snapshot", audit="schema.snapshot", status_code=201)
async def take(base: BaseId, who: Principal, schemas: Schemas) -> Snapshot:
    """The base's schema as Airtable has it now: a new version when it differs, else the current one."""
    return await schemas.take(base, who)


@router.get("", summary="The current schema")
async def current(base: BaseId, which: At, who: Principal, schemas: Schemas) -> Snapshot:
    """The newest version, where `seen_at` says how fresh it is; or a `version`, or the one that was newest `as_of`."""
    return await schemas.of(base, which, who)


@router.get("/versions", summary="List versions")
async def versions(
    base: BaseId, who: Principal, schemas: Schemas, cursor: Asked | None = None, page_size: PageSize = 100
) -> Listing[Version]:
    """Newest first, without their tables."""
    return await schemas.versions(base, cursor, page_size, who)


@router.get("/versions/{version}", summary="One version")
async def one(base: BaseId, version: Number, who: Principal, schemas: Schemas) -> Snapshot:
    """With its tables."""
    return await schemas.of(base, Which(version=version), who)


@router.get("/diff", summary="Compare two versions")
async def diff(base: BaseId, before: Asked, who: Principal, schemas: Schemas, after: Asked | None = None) -> SchemaDiff:
    """What became of `before` in `after`, or in the current version."""
    return await schemas.diff(base, before, after, who)


@router.get("/drift", summary="Compare a version with Airtable")
async def drift(base: BaseId, who: Principal, schemas: Schemas, against: Asked | None = None) -> SchemaDiff:
    """What differs in Airtable now from version `against`, or from the current one. Keeps nothing."""
    return await schemas.drift(base, against, who)


@router.post("/tables/{table:path}/validate", summary="Check a record", no_audit="it changes nothing")
async def validate(base: BaseId, table: str, candidate: Candidate, who: Principal, schemas: Schemas) -> Validation:
    """Whether Airtable would take the cells, by the current version; an error per field that it would refuse."""
    return await schemas.validate(base, table, candidate, who)


@router.post("/tables/{table:path}/check", summary="Check records", no_audit="it only remembers the schema")
async def check(base: BaseId, table: str, candidates: Candidates, who: Principal, schemas: Schemas) -> Validations:
    """As the check of one record, for all of a write. A mistake is told only after Airtable was asked for the schema of
    now, and a base that is not known yet is looked at first. airtable-connector asks this before it writes."""
    return await schemas.check(base, table, candidates, who)
