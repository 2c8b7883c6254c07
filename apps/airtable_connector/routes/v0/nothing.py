"""What is not there, in Airtable's words; audited as what finds no route in any other app. Comes last."""

from starlette.responses import Response

from apps.airtable_connector.domain.errors import AirtableNotFound
from apps.airtable_connector.routes.v0.passing import AIRTABLE
from chassis import Router, audit

router = Router(prefix="/v0", tags=["Airtable-compatible"])


@router.get("/{rest:path}", include_in_schema=False, **AIRTABLE)
@router.post("/{rest:path}", include_in_schema=False, audit="request.refuse", **AIRTABLE)
@router.put("/{rest:path}", include_in_schema=False, audit="request.refuse", **AIRTABLE)
@router.patch("/{rest:path}", include_in_schema=False, audit="request.refuse", **AIRTABLE)
@router.delete("/{rest:path}", include_in_schema=False, audit="request.refuse", **AIRTABLE)
async def nothing_there(rest: str) -> Response:
    """Parts of Airtable's API that the platform does not offer yet, and what Airtable has not either."""
    audit(("path", f"/v0/{rest}"))
    raise AirtableNotFound(f"There is no /v0/{rest[:200]} here.")
