"""What an event makes of a projection's rows: the same events in the same order, the same bytes."""

from collections.abc import Iterable, Mapping, MutableMapping
from hashlib import sha256
from typing import Any

import orjson

from contracts.event_processor import Column, ProjectionDefinition, StoredEvent

KEY_LENGTH = 400  # characters; an event with a longer key is left out
EXACT = 2**53  # a sum beyond it goes on as a floating-point number
NOTHING = object()  # stands where a pointer leads nowhere

Row = dict[str, Any]


def key_of(definition: ProjectionDefinition, document: Mapping[str, Any]) -> str | None:
    """None for an event that has no row: nothing stands there, or nothing that can be a key."""
    value = at(document, definition.key)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    key = str(value)
    return key if len(key) <= KEY_LENGTH and "\0" not in key else None


def fold(definition: ProjectionDefinition, rows: MutableMapping[str, Row], documents: Iterable[Row]) -> None:
    """Take these events, in their order, into `rows`, which hold the keys they touch."""
    for document in documents:
        key = key_of(definition, document)
        if key is not None:
            row = rows.setdefault(key, {})
            for name, column in definition.columns.items():
                _take(row, name, column, at(document, column.of) if column.of else None)


def document_of(event: StoredEvent) -> Row:
    """The event as pointers see it."""
    return event.model_dump(mode="json")


def at(document: Any, pointer: str) -> Any:
    """What stands at a JSON Pointer (RFC 6901), or a value of no JSON type when nothing does."""
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict) and name in document:
            document = document[name]
        elif isinstance(document, list) and name.isascii() and name.isdigit() and int(name) < len(document):
            document = document[int(name)]
        else:
            return NOTHING
    return document


def bytes_of(row: Row) -> bytes:
    return orjson.dumps(row, option=orjson.OPT_SORT_KEYS)


def digest(rows: Iterable[tuple[str, bytes]]) -> str:
    """Of rows in order of their keys."""
    told = sha256()
    for key, row in rows:
        for part in (key.encode(), row):
            told.update(len(part).to_bytes(8, "big") + part)
    return told.hexdigest()


def _take(row: Row, name: str, column: Column, value: Any) -> None:
    before = row.get(name)
    if value is NOTHING:
        return
    if column.op == "count":
        row[name] = (before or 0) + 1
    elif column.op == "latest" or (column.op == "first" and name not in row):
        row[name] = value
    elif column.op in ("sum", "min", "max") and isinstance(value, int | float) and not isinstance(value, bool):
        if before is None:
            row[name] = value
        elif column.op == "sum":
            total = before + value
            row[name] = total if abs(total) < EXACT else float(total)
        else:
            row[name] = min(before, value) if column.op == "min" else max(before, value)
