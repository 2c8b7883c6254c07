"""What is taken into the trail, and what can be searched of it."""

from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Any
from uuid import UUID

import orjson
from pydantic import ValidationError

from contracts.audit_service import MAX_ENTRY_BYTES, Entry, Refusal


@dataclass(frozen=True, slots=True)
class Accepted:
    """A line that may be chained: its exact bytes, and the entry they say."""

    line: bytes
    entry: Entry


def read(line: bytes, caller: str) -> Accepted | Refusal:
    """Decide about one line that `caller` (the app the mesh vouches for) handed in.

    Only canonical bytes are taken: two spellings of one entry would have two hashes.
    """
    if len(line) > MAX_ENTRY_BYTES:
        return Refusal(id=None, code="too-large", detail=f"An entry has at most {MAX_ENTRY_BYTES} bytes.")
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return Refusal(id=None, code="invalid", detail=f"Not JSON: {error}.")
    try:
        entry = Entry.model_validate(value)
    except ValidationError as error:
        return Refusal(id=_id_of(value), code="invalid", detail=_said(error))
    if spelled(value) != line:
        wanted = "UTF-8, keys sorted and once each, no spaces; absent fields left out"
        return Refusal(id=entry.id, code="not-canonical", detail=f"Not the canonical bytes: {wanted}.")
    if entry.service != caller:
        detail = f"The entry is {entry.service}'s and {caller} handed it in."
        return Refusal(id=entry.id, code="wrong-service", detail=detail)
    return Accepted(line, entry)


def spelled(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def searched(entry: Entry) -> dict[str, Any]:
    """What is kept beside the bytes, by column. `words`: every text value, for full-text search."""
    words: list[str] = []
    _collect([*entry.targets, entry.detail, entry.code, entry.context.route, entry.metadata], words)
    return {
        "id": entry.id,
        "occurred_at": datetime.fromisoformat(entry.occurred_at),
        "action": entry.action,
        "outcome": entry.outcome,
        "actor_type": entry.actor.type,
        "actor": _storable(entry.actor.id),
        "acting_for": _storable(entry.actor.acting_for) if entry.actor.acting_for else None,
        "service": entry.service,
        "request_id": _storable(entry.request_id),
        "trace_id": entry.trace_id,
        "targets": [_storable(f"{target.type}:{target.id}") for target in entry.targets],
        "address": address_of(entry),
        "words": _storable(" ".join([entry.action, entry.actor.id, entry.actor.acting_for or "", *words])),
    }


def address_of(entry: Entry) -> str | None:
    """The client's address in the one spelling that PostgreSQL knows too; None where it was told as something else."""
    try:
        told = ip_address((entry.context.address or "").partition("%")[0])
    except ValueError:
        return None
    return str(getattr(told, "ipv4_mapped", None) or told)


def _storable(text: str) -> str:
    """PostgreSQL's text has no U+0000; the entry's bytes keep it."""
    return text.replace("\0", "")


def _collect(value: Any, words: list[str]) -> None:
    if isinstance(value, str):
        words.append(value)
    elif isinstance(value, dict):
        _collect(list(value.values()), words)
    elif isinstance(value, list):
        for each in value:
            _collect(each, words)
    elif hasattr(value, "id"):
        words.append(value.id)


def _id_of(value: Any) -> UUID | None:
    try:
        return UUID(value["id"])
    except (TypeError, KeyError, ValueError, AttributeError):
        return None


def _said(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'entry'}: {first['msg']}"
