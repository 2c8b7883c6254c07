"""Where apps hand in what happened."""

from starlette.requests import Request

from apps.audit_service.domain import entries
from apps.audit_service.domain.errors import OnlyApps, TooManyLines
from apps.audit_service.service import Appending
from chassis import Principal, Router
from contracts.audit_service import MAX_LINES, Receipts

router = Router(prefix="/ingest", tags=["Handing in"])
_BODY = {"content": {"application/x-ndjson": {"schema": {"type": "string"}}}, "required": True}


@router.post("/entries", no_audit="what comes in is the audit trail", openapi_extra={"requestBody": _BODY})
async def append(request: Request, who: Principal, appending: Appending) -> Receipts:
    """Chain entries: one a line, each its exact canonical bytes, at most 200 lines and 1 MiB; only an app in its own
    name. The answer comes when they are durable, with a receipt or a refusal for each line, in their order. An entry
    whose id came before is not taken again: its first receipt is. Raises OnlyApps (403), TooManyLines (413),
    TrailBusy (503)."""
    if who.kind != "service":
        raise OnlyApps("Entries are handed in by apps, as what they decided themselves.")
    lines = [line for line in (await request.body()).split(b"\n") if line]
    if len(lines) > MAX_LINES:
        raise TooManyLines(f"{len(lines)} lines; hand in at most {MAX_LINES} a call.")
    return Receipts(receipts=await appending.append([entries.read(line, who.user) for line in lines]))
