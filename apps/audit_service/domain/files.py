"""The files that a trail is exported as."""

import csv
import io
from collections.abc import Iterable
from typing import Any

import orjson

COLUMNS = [
    *("index", "id", "occurred_at", "action", "outcome", "actor_type", "actor", "acting_for", "service", "targets"),
    *(
        "request_id",
        "trace_id",
        "code",
        "detail",
        "method",
        "route",
        "address",
        "user_agent",
        "count",
        "metadata",
        "hash",
    ),
]


def csv_head() -> bytes:
    return _csv([COLUMNS])


def csv_lines(rows: Iterable[Any]) -> bytes:
    """One line an entry; a cell that a spreadsheet would take for a formula begins with an apostrophe."""
    return _csv([_harmless(_cell(row, column)) for column in COLUMNS] for row in rows)


def json_lines(rows: Iterable[Any]) -> bytes:
    """One object a line: the entry, with its index and hash beside it."""
    lines = [
        b'{"entry":%b,"hash":"%b","index":%d}\n' % (row.entry, bytes(row.hash).hex().encode(), row.at) for row in rows
    ]
    return b"".join(lines)


def bundle_head(tenant: str, key: str, size: int) -> bytes:
    """The first line of a bundle; the offline verifier reads it."""
    return orjson.dumps({"bundle": 1, "tenant": tenant, "key": key, "size": size}) + b"\n"


def bundle_lines(rows: Iterable[Any]) -> bytes:
    """One line an entry, in the chain's order: its hash, and its exact bytes, or its leaf where those are erased."""
    return b"".join(
        b"%b %b\n"
        % (bytes(row.hash).hex().encode(), b"-" + bytes(row.leaf).hex().encode() if row.entry is None else row.entry)
        for row in rows
    )


def bundle_tail(notes: Iterable[str]) -> bytes:
    """One line a signed note (handover of the key, tombstone or checkpoint), as a JSON text."""
    return b"".join(b"note " + orjson.dumps(note) + b"\n" for note in notes)


def _cell(row: Any, column: str) -> Any:
    entry = orjson.loads(bytes(row.entry))
    match column:
        case "index":
            return row.at
        case "hash":
            return bytes(row.hash).hex()
        case "actor":
            return entry["actor"]["id"]
        case "actor_type":
            return entry["actor"]["type"]
        case "acting_for":
            return entry["actor"].get("acting_for")
        case "targets":
            return " ".join(f"{target['type']}:{target['id']}" for target in entry.get("targets", []))
        case "metadata":
            return orjson.dumps(entry.get("metadata", {})).decode()
        case "method" | "route" | "address" | "user_agent" | "count":
            return entry["context"].get(column)
    return entry.get(column)


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _csv(lines: Iterable[Iterable[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue().encode()
