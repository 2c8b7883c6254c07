"""Records as the API shows them: by field name or id, as JSON or as the texts people read."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson

from sandbox.airtable import errors
from sandbox.airtable.fields.base import is_empty
from sandbox.airtable.formula.values import Moment
from sandbox.airtable.schema import Field, Record, Table


class Rendering:
    """How one request wants its records. `only` restricts the fields; `zone` set means `cellFormat=string`."""

    def __init__(
        self,
        *,
        by_id: bool = False,
        only: list[Field] | None = None,
        zone: ZoneInfo | None = None,
        comment_count: bool = False,
    ) -> None:
        self.by_id = by_id
        self._only = only
        self._zone = zone
        self._comment_count = comment_count

    def record(self, record: Record, table: Table) -> orjson.Fragment:
        plain = self._only is None and self._zone is None and not self._comment_count
        if not plain:
            return orjson.Fragment(orjson.dumps(self._shape(record, table)))
        stamp = table.base.stamp()
        made_at, known = record.rendered.get(self.by_id, (-1, b""))
        if made_at != stamp:
            known = orjson.dumps(self._shape(record, table))
            record.rendered[self.by_id] = (stamp, known)
        return orjson.Fragment(known)

    def _shape(self, record: Record, table: Table) -> dict[str, Any]:
        cells: dict[str, Any] = {}
        for field in table.fields.values() if self._only is None else self._only:
            value = field.value(record)
            if value is None:
                continue
            cell = field.type.json(value, field) if self._zone is None else self._text(value, field)
            if not is_empty(cell):
                cells[field.id if self.by_id else field.name] = cell
        shape = {"id": record.id, "createdTime": record.created_time, "fields": cells}
        return shape | {"commentCount": len(record.comments)} if self._comment_count else shape

    def _text(self, value: Any, field: Field) -> str:
        if isinstance(value, Moment):  # of a formula
            value = value.iso()
            return self._date_text(value, "date" if len(value) == 10 else "dateTime")
        if field.type.name in {"date", "dateTime", "createdTime", "lastModifiedTime"}:
            return self._date_text(value, field.type.name)
        return field.type.text(value, field)

    def _date_text(self, value: str, kind: str) -> str:
        if kind != "date":
            try:
                local = datetime.fromisoformat(value).astimezone(self._zone)
            except OverflowError:  # the first or the last day of the calendar
                return str(value)
            return f"{local.month}/{local.day}/{local.year} {local.hour % 12 or 12}:{local:%M%p}".lower()
        day = datetime.fromisoformat(value)
        return f"{day.month}/{day.day}/{day.year}"


def zone_for(cell_format: Any, zone_name: Any, locale: Any) -> ZoneInfo | None:
    """None for `json`. The string format needs a time zone and a locale, as Airtable's does."""
    if cell_format in (None, "", "json"):
        return None
    if cell_format != "string" or not zone_name or not locale:
        raise errors.invalid_request()
    try:
        return ZoneInfo("UTC" if str(zone_name).lower() in {"utc", "client"} else str(zone_name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise errors.invalid_request() from None
