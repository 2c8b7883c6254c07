"""Files of the trail."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from apps.audit_service.domain.reading import reader
from apps.audit_service.routes.parameters import Trail
from apps.audit_service.service import Exports
from chassis import Principal, Router
from contracts.audit_service import Export, NewExport
from contracts.listing import Listing

router = Router(prefix="/api/v1/audit/exports", tags=["Audit"])

_TYPES = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson", "bundle": "application/octet-stream"}


@router.post("", audit="audit.export", status_code=202, summary="Ask for an export")
async def begin(new: NewExport, who: Principal, exports: Exports, trail: Trail = "own") -> Export:
    """A file of what the filter finds, as CSV or JSON lines, or of everything as a bundle for the offline verifier. It
    is made within seconds and stays a week; the same `trail` finds it. Raises ExportsFull (429), NotYours (403)."""
    return await exports.begin(new, reader(who, trail))


@router.get("", summary="List exports")
async def list_exports(who: Principal, exports: Exports, trail: Trail = "own") -> Listing[Export]:
    """The newest 100."""
    return Listing(items=await exports.newest(reader(who, trail)))


@router.get("/{export}", summary="How far an export is")
async def get_export(export: UUID, who: Principal, exports: Exports, trail: Trail = "own") -> Export:
    """Raises UnknownExport (404)."""
    return await exports.one(export, reader(who, trail))


@router.get("/{export}/content", summary="A part of an export's file", response_class=Response)
async def content(
    export: UUID,
    who: Principal,
    exports: Exports,
    part: Annotated[int, Query(ge=0, lt=2**31)] = 0,
    trail: Trail = "own",
) -> Response:
    """The bytes of one part, about 4 MiB at most; all parts in their order are the file. Raises UnknownExport (404)."""
    found, body = await exports.part(export, part, reader(who, trail))
    name = f'attachment; filename="audit-{export}.{found.format}"'
    headers = {"content-disposition": name, "x-parts": str(found.parts)}
    return Response(body, headers=headers, media_type=_TYPES[found.format])
