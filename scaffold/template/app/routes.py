"""/api/v1/example: remember a base, look at what is in it."""

from typing import Annotated

from fastapi import Path

from apps.example_service.service import Bases
from chassis import Principal, Router
from contracts.example_service import BASE_ID, RememberBase, Summary

router = Router(prefix="/api/v1/example", tags=["example-service"])

BaseId = Annotated[str, Path(pattern=BASE_ID)]


@router.post("", status_code=201, audit="example.remember")
async def remember(wanted: RememberBase, who: Principal, bases: Bases) -> Summary:
    """Remember a base; it is measured soon after. Remembering it again changes nothing."""
    return await bases.remember(wanted.base, who)


@router.get("/{base}")
async def look(base: BaseId, who: Principal, bases: Bases) -> Summary:
    """What is in a remembered base, as far as it is measured yet. Raises UnknownBase (404)."""
    return await bases.of(base, who)
