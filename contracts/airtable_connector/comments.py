"""Comments of a record."""

from typing import Any

from pydantic import Field

from contracts.airtable_connector.records import Name, Sent
from contracts.airtable_connector.told import Told


class Comment(Told):
    """`mentioned`: user id → who is meant by @[usr…] in the text."""

    id: str
    author: dict[str, Any]
    text: str
    created_time: str
    last_updated_time: str | None = None
    mentioned: dict[str, Any] = Field(default={})
    parent_comment_id: str | None = None
    reactions: list[dict[str, Any]] = Field(default=[])


class NewComment(Sent):
    text: Name = Field(description="@[usr…] mentions somebody.")
    parent_comment_id: str | None = Field(default=None, description="The comment this one answers.")


class CommentText(Sent):
    text: Name


class DeletedComment(Told):
    id: str
    deleted: bool
