"""Find things in the schemas of all bases."""

from typing import Annotated

from fastapi import Query

from apps.schema_service.service import Search
from chassis import Principal, Router
from contracts.listing import Listing
from contracts.schema_service import Found, SearchQuery

router = Router(prefix="/api/v1/schemas", tags=["Schemas"])


@router.get("/search", summary="Search names and descriptions")
async def find(asked: Annotated[SearchQuery, Query()], who: Principal, search: Search) -> Listing[Found]:
    """Tables, fields and views of the newest versions, the best match first."""
    return await search.find(asked, who)
