"""Comments of a record: threads, mentions, and that only their author may change them."""

from __future__ import annotations

import re
from typing import Any

from sandbox.airtable import errors, parameters
from sandbox.airtable.change import Author
from sandbox.airtable.http import Request
from sandbox.airtable.ids import is_id
from sandbox.airtable.schema import Base, Comment, Record

_MENTION = re.compile(r"@\[(usr[0-9A-Za-z]{14})\]")


def page(request: Request, record: Record, base: Base) -> dict[str, Any]:
    """Newest first. The offset is the id of the next comment; null on the last page."""
    size = parameters.first(request.query, "pageSize")
    most = 100 if size is None else parameters.whole(size, 1, 100)
    newest_first = record.comments[::-1]
    start, offset = 0, parameters.first(request.query, "offset")
    if offset is not None:
        known = [comment.id for comment in newest_first]
        if offset not in known:
            raise errors.invalid_offset(offset)
        start = known.index(offset)
    shown = newest_first[start : start + most]
    following = newest_first[start + most : start + most + 1]
    return {
        "comments": [_shape(comment, base) for comment in shown],
        "offset": following[0].id if following else None,
    }


def create(content: Any, record: Record, base: Base, author: Author) -> dict[str, Any]:
    text = _text(content)
    parent = content.get("parentCommentId")
    if parent is not None and not any(comment.id == parent for comment in record.comments):
        raise errors.invalid_request()
    now = author.clock.milliseconds_text()
    comment = Comment(author.ids.new("com"), author.user_id, text, now, None, parent)
    record.comments.append(comment)
    base.version += 1
    return _shape(comment, base)


def update(content: Any, comment_id: str, record: Record, base: Base, author: Author) -> dict[str, Any]:
    comment, text = _own(comment_id, record, author), _text(content)
    comment.text, comment.updated_time = text, author.clock.milliseconds_text()
    base.version += 1
    return _shape(comment, base)


def delete(comment_id: str, record: Record, base: Base, author: Author) -> dict[str, Any]:
    """With the replies to it (unverified)."""
    _own(comment_id, record, author)
    record.comments = [comment for comment in record.comments if comment_id not in (comment.id, comment.parent_id)]
    base.version += 1
    return {"id": comment_id, "deleted": True}


def _own(comment_id: str, record: Record, author: Author) -> Comment:
    found = next((comment for comment in record.comments if comment.id == comment_id), None)
    if found is None:
        raise errors.hidden() if is_id("com", comment_id) else errors.not_found()
    if found.author_id != author.user_id:
        raise errors.not_permitted()
    return found


def _text(content: Any) -> str:
    if not isinstance(content, dict):
        raise errors.invalid_request()
    if "text" not in content:
        raise errors.missing("text")
    if not isinstance(content["text"], str) or not content["text"]:
        raise errors.invalid_request()
    return content["text"]


def _shape(comment: Comment, base: Base) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "id": comment.id,
        "author": dict(base.users[comment.author_id]),
        "text": comment.text,
        "createdTime": comment.created_time,
        "lastUpdatedTime": comment.updated_time,
        "mentioned": _mentioned(comment.text, base),
        "reactions": [],
    }
    return shape if comment.parent_id is None else shape | {"parentCommentId": comment.parent_id}


def _mentioned(text: str, base: Base) -> dict[str, Any]:
    """Whoever has no access to the base is not mentioned (unverified)."""
    users = [base.users[user_id] for user_id in dict.fromkeys(_MENTION.findall(text)) if user_id in base.users]
    return {
        user["id"]: {"type": "user", "id": user["id"], "displayName": user["name"], "email": user["email"]}
        for user in users
    }
