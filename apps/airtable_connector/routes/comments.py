"""Comments of a record."""

from typing import Annotated

from fastapi import Query

from apps.airtable_connector.domain import beside
from apps.airtable_connector.service import Direct
from chassis import Principal, Router
from contracts.airtable_connector import Comment, CommentText, DeletedComment, NewComment
from contracts.listing import Listing

router = Router(prefix="/api/v1/bases/{base}/tables/{table:path}/records/{record}/comments", tags=["Comments"])

PageSize = Annotated[int, Query(ge=1, le=100)]


@router.get("", summary="List comments")
async def list_comments(
    base: str,
    table: str,
    record: str,
    who: Principal,
    direct: Direct,
    page_size: PageSize = 100,
    cursor: str | None = None,
) -> Listing[Comment]:
    """Newest first. Give `next` as `cursor` for the next page."""
    asked = beside.comments(base, table, record, page_size, cursor)
    return await direct.ask(asked, who, Listing[Comment], beside.page_of_comments)


@router.post("", summary="Comment on a record", audit="comment.create", status_code=201)
async def create_comment(
    base: str, table: str, record: str, new: NewComment, who: Principal, direct: Direct
) -> Comment:
    """Its author is the owner of the platform's token."""
    return await direct.ask(beside.comment("POST", base, table, record, "", new), who, Comment)


@router.patch("/{comment}", summary="Edit a comment", audit="comment.update")
async def update_comment(
    base: str, table: str, record: str, comment: str, text: CommentText, who: Principal, direct: Direct
) -> Comment:
    """Only those of the token's owner."""
    return await direct.ask(beside.comment("PATCH", base, table, record, comment, text), who, Comment)


@router.delete("/{comment}", summary="Delete a comment", audit="comment.delete")
async def delete_comment(
    base: str, table: str, record: str, comment: str, who: Principal, direct: Direct
) -> DeletedComment:
    """Only those of the token's owner."""
    return await direct.ask(beside.comment("DELETE", base, table, record, comment), who, DeletedComment)
