"""What is not there, in Airtable's words. Comes last."""

from starlette.responses import Response

from apps.airtable_connector.domain.errors import AirtableNotFound
from apps.airtable_connector.routes.v0.passing import AIRTABLE
from chassis import Router

router = Router(prefix="/v0", tags=["Airtable-compatible"])


@router.get("/{rest:path}", include_in_schema=False, **AIRTABLE)
@router.post("/{rest:path}", include_in_schema=False, no_audit="nothing is there", **AIRTABLE)
@router.put("/{rest:path}", include_in_schema=False, no_audit="nothing is there", **AIRTABLE)
@router.patch("/{rest:path}", include_in_schema=False, no_audit="nothing is there", **AIRTABLE)
@router.delete("/{rest:path}", include_in_schema=False, no_audit="nothing is there", **AIRTABLE)
async def nothing_there(rest: str) -> Response:
    """Parts of Airtable's API that the platform does not offer yet, and what Airtable has not either."""
    raise AirtableNotFound(f"There is no /v0/{rest[:200]} here.")
