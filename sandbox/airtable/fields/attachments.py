"""Attachments. A file whose content has arrived is shown by a URL of the simulator that expires."""

from __future__ import annotations

import mimetypes
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from sandbox.airtable import errors
from sandbox.airtable.fields.base import FieldType
from sandbox.airtable.pictures import thumbnails

if TYPE_CHECKING:
    from sandbox.airtable.change import Change
    from sandbox.airtable.files import Files
    from sandbox.airtable.schema import Field


class MultipleAttachments(FieldType):
    """Written as `[{"url", "filename"?}]` for new files and `[{"id"}]` for those to keep."""

    name = "multipleAttachments"

    def write(self, value: Any, field: Field, change: Change) -> Any:
        if not isinstance(value, list):
            raise errors.cannot_accept(field.name)
        kept = {item["id"]: item for item in change.previous(field) or []}
        stored = []
        for item in value:
            if not isinstance(item, dict):
                raise errors.invalid_attachment(field.name)
            known = item.get("id")
            if isinstance(known, str) and known in kept:
                stored.append(kept[known])
            else:
                stored.append(_new(item, field, change))
        return stored or None

    def json(self, value: Any, field: Field) -> Any:
        files = field.table.base.files
        return [_shown(item, files) if files is not None and "size" in item else item for item in value]

    def text(self, value: Any, field: Field) -> str:
        return ", ".join(f"{item['filename']} ({item['url']})" for item in value)


def _shown(item: dict[str, Any], files: Files) -> dict[str, Any]:
    url = files.url(item)
    shown = {**item, "url": url}
    return shown | {"thumbnails": thumbnails(item["width"], item["height"], url)} if "width" in item else shown


def _new(item: dict[str, Any], field: Field, change: Change) -> dict[str, Any]:
    url, filename = item.get("url"), item.get("filename")
    if not isinstance(url, str) or not isinstance(filename, str | None):
        raise errors.invalid_attachment(field.name)
    try:
        parts = urlsplit(url)
    except ValueError:
        raise errors.invalid_attachment(field.name) from None
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise errors.invalid_attachment(field.name)
    name = filename or unquote(parts.path.rsplit("/", 1)[-1]) or "attachment"
    stored = {"id": change.new_id("att"), "url": url, "filename": name}
    kind, _ = mimetypes.guess_type(name)
    return stored | {"type": kind} if kind else stored
