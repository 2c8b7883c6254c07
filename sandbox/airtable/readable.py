"""Cells as people read them, for `cellFormat=string`: dates by the field's format, the zone and the locale asked for.

The locale changes dates alone, as Airtable documents; numbers and currencies have their field's form in all of them.
"""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sandbox.airtable import errors
from sandbox.airtable.fields.derived import target_field
from sandbox.airtable.formula.moment_format import format_moment
from sandbox.airtable.formula.values import EvaluationError, Moment, cell_moment
from sandbox.airtable.schema import Field

_DATES = {"date", "dateTime", "createdTime", "lastModifiedTime"}


class Readable:
    """Raises Airtable's 422 for a zone that is none. A locale that is not known is shown as English."""

    def __init__(self, zone: str, locale: str) -> None:
        try:
            self._zone = ZoneInfo("UTC" if zone.lower() in {"utc", "client"} else zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise errors.invalid_request() from None
        self._locale = locale

    def text(self, value: Any, field: Field) -> str:
        if field.type.name == "multipleLookupValues":
            target = target_field(field)
            return ", ".join(self.text(item, target) for item in value)
        if field.type.name in _DATES:
            value = cell_moment(value, day_only=field.type.name == "date")
        return self._date(value, field) if isinstance(value, Moment) else field.type.text(value, field)

    def _date(self, moment: Moment, field: Field) -> str:
        options = field.options.get("result", field.options)
        options = options.get("options", options)
        form = options["dateFormat"]["format"]
        if not moment.day_only and "timeFormat" in options:
            form = f"{form} {options['timeFormat']['format']}"
        zone = None if moment.day_only else self._zone
        try:
            return format_moment(Moment(moment.at, moment.day_only, zone, self._locale), form)
        except EvaluationError:  # the first or the last day of the calendar
            return moment.iso()


def readable_for(cell_format: Any, zone: Any, locale: Any) -> Readable | None:
    """None for `json`. The string format needs a time zone and a locale, as Airtable's does."""
    if cell_format in (None, "", "json"):
        return None
    if cell_format != "string" or not zone or not locale:
        raise errors.invalid_request()
    return Readable(str(zone), str(locale))
