"""Whether a record's cells fit into its table, as Airtable takes them without `typecast`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from apps.schema_service.domain.meant import meant
from chassis import AppError
from contracts.airtable_connector import Table, TableField
from contracts.schema_service import Candidates, Mistake, RecordMistake

COMPUTED = frozenset({
    "aiText", "autoNumber", "button", "count", "createdBy", "createdTime", "externalSyncSource", "formula",
    "lastModifiedBy", "lastModifiedTime", "multipleLookupValues", "rollup",
})  # fmt: skip
TEXT = frozenset({"singleLineText", "multilineText", "richText", "email", "url", "phoneNumber"})
NUMBER = frozenset({"number", "currency", "percent", "duration"})
RECORD_ID = re.compile(r"rec[A-Za-z0-9]{14}")


class UnknownTable(AppError):
    code, status, title, fault = "schema.unknown-table", 404, "There is no such table in the base", "client"


def table_of(tables: Sequence[Table], called: str) -> Table:
    """The table, by id or name. Raises UnknownTable, with the name it may have meant."""
    for table in tables:
        if called in (table.id, table.name):
            return table
    raise UnknownTable(f"No table is called {called}.{meant(called, [table.name for table in tables])}")


def mistakes(table: Table, cells: Mapping[str, Any], *, typecast: bool = False) -> Iterator[Mistake]:
    """One for each cell Airtable would refuse. Fields go by name or id; null empties any cell.

    What looks doubtful is no mistake: Airtable says the last word, and a right write must not be refused here.
    `typecast`: Airtable makes of values what it can.
    """
    fields = {key: field for field in table.fields for key in (field.name, field.id)}
    for key, value in cells.items():
        field = fields.get(key)
        if field is None:
            names = [one.name for one in table.fields]
            yield Mistake(field=key, message=f"{table.name} has no such field.{meant(key, names)}")
        elif field.type in COMPUTED:
            yield Mistake(field=key, message=f"Airtable computes it ({field.type}): it cannot be written.")
        elif not typecast and not _empties(value) and (wrong := _wrong(field, value)):
            yield Mistake(field=key, message=wrong)


def _empties(value: Any) -> bool:
    """Whether it empties a cell of any type: null, "", false and [] do."""
    return value is None or value is False or value in ("", [])


def all_mistakes(tables: Sequence[Table], called: str, candidates: Candidates) -> list[RecordMistake]:
    """The mistakes of every record for one table. Raises UnknownTable."""
    table = table_of(tables, called)
    return [
        RecordMistake(record=at, field=one.field, message=one.message)
        for at, cells in enumerate(candidates.records)
        for one in mistakes(table, cells, typecast=candidates.typecast)
    ]


def _wrong(field: TableField, value: Any) -> str | None:
    options = field.options or {}
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if field.type in TEXT:
        return None if isinstance(value, str) else "It takes text."
    if field.type in NUMBER:
        return None if number else "It takes a number."
    if field.type == "checkbox":
        return None if isinstance(value, bool) else "It takes true or false."
    if field.type == "rating":
        most = options.get("max", 10)
        fits = number and value == int(value) and 0 <= value <= most
        return None if fits else f"It takes a whole number up to {most}."
    if field.type in ("date", "dateTime"):
        return None if isinstance(value, str) and _is_time(value) else "It takes a date of ISO 8601, as 2026-11-25."
    if field.type == "singleSelect":
        return _no_choice(options, [value])
    if field.type == "multipleSelects":
        return _no_choice(options, value) if isinstance(value, list) else "It takes a list of choices."
    if field.type == "multipleRecordLinks":
        links = isinstance(value, list) and all(map(_is_record, value))
        return None if links else 'It takes a list of record ids, as ["recXXXXXXXXXXXXXX"].'
    if field.type == "multipleAttachments":
        files = isinstance(value, list) and all(isinstance(one, dict) and {"url", "id"} & set(one) for one in value)
        return None if files else "It takes a list of attachments, each with a url or an id."
    return None


def _no_choice(options: Mapping[str, Any], values: Sequence[Any]) -> str | None:
    names = [choice["name"] for choice in options.get("choices", [])]
    ids = {choice["id"] for choice in options.get("choices", [])}
    for value in values:
        if not isinstance(value, str):
            return "It takes the name of a choice."
        if value not in names and value not in ids:
            return f"{value} is not one of its choices.{meant(value, names)}"
    return None


def _is_record(value: Any) -> bool:
    key = value.get("id") if isinstance(value, dict) else value
    return isinstance(key, str) and bool(RECORD_ID.fullmatch(key))


def _is_time(text: str) -> bool:
    for read in (date.fromisoformat, datetime.fromisoformat):
        try:
            read(text.strip())
        except ValueError:
            continue
        return True
    return False
