"""Large requests as calls of ten, and what became of each."""

from collections.abc import Sequence
from typing import Any, TypeVar

from chassis import AppError
from contracts.airtable_connector import BATCH, CallError, CallOutcome, UpsertedRecord

T = TypeVar("T")


def split(items: Sequence[T], size: int = BATCH) -> list[tuple[int, Sequence[T]]]:
    """(position of the first, at most `size` items) per call, in order."""
    return [(first, items[first : first + size]) for first in range(0, len(items), size)]


def done(first: int, count: int) -> CallOutcome:
    return CallOutcome(first=first, count=count, outcome="done")


def stopped(first: int, count: int, error: AppError, *, unknown: bool) -> CallOutcome:
    """The call that ended the batch: refused, or lost on the way."""
    retry_after = error.headers.get("retry-after")
    told = CallError(code=error.code, detail=error.detail, retry_after=int(retry_after) if retry_after else None)
    return CallOutcome(first=first, count=count, outcome="unknown" if unknown else "failed", error=told)


def not_sent(rest: Sequence[tuple[int, int, Any]]) -> list[CallOutcome]:
    return [CallOutcome(first=first, count=count, outcome="not-sent") for first, count, _ in rest]


def upserted(record: UpsertedRecord) -> dict[str, Any]:
    """As Airtable takes it: without an id rather than with an empty one; empty cells stay, they clear."""
    return {"fields": record.fields} if record.id is None else {"id": record.id, "fields": record.fields}
