"""Batches larger than Airtable takes, as calls of ten, one after the other, with the fate of each told exactly."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from apps.airtable_connector.domain import batches, requests, shapes
from apps.airtable_connector.domain.calls import Call
from apps.airtable_connector.domain.errors import AirtableInvalidAnswer, AirtableWriteUnknown
from apps.airtable_connector.service.checks import Checks
from apps.airtable_connector.service.previews import Previews
from apps.airtable_connector.service.writes import Writes
from chassis import AppError, Principal
from contracts.airtable_connector import (
    CallOutcome,
    DryRun,
    NewRecords,
    Record,
    RecordChanges,
    RecordsDeleted,
    RecordsUpserted,
    RecordsWritten,
    Upsert,
)

T = TypeVar("T")
Planned = tuple[int, int, Call]  # the position of its first record, how many it has, the call
Told = tuple[list[CallOutcome], str]  # the fate of each call, the operation


class Bulk:
    """The first call that does not succeed ends a batch. When it is the very first, and Airtable refused it, nothing
    was written, and its error is raised; otherwise the report says what was. `dry_run`: nothing is written."""

    def __init__(self, writes: Writes, previews: Previews, checks: Checks) -> None:
        self._writes, self._previews, self._checks = writes, previews, checks

    async def create(
        self, base: str, table: str, new: NewRecords, who: Principal, *, dry_run: bool = False
    ) -> RecordsWritten | DryRun:
        await self._check(base, table, new)
        calls = _calls(
            [record.model_dump() for record in new.records],
            lambda some: requests.write_records("POST", base, table, some, new),
        )
        return await self._written(calls, who, dry_run)

    async def change(
        self, method: str, base: str, table: str, changes: RecordChanges, who: Principal, *, dry_run: bool = False
    ) -> RecordsWritten | DryRun:
        await self._check(base, table, changes)
        calls = _calls(
            [record.model_dump() for record in changes.records],
            lambda some: requests.write_records(method, base, table, some, changes),
        )
        return await self._written(calls, who, dry_run)

    async def upsert(
        self, base: str, table: str, upsert: Upsert, who: Principal, *, dry_run: bool = False
    ) -> RecordsUpserted | DryRun:
        await self._check(base, table, upsert)
        records: list[Record] = []
        created: list[str] = []
        updated: list[str] = []

        def read(raw: Any) -> None:
            records.extend(shapes.records_of(raw))
            created.extend(raw.get("createdRecords", []))
            updated.extend(raw.get("updatedRecords", []))

        merge = {"fieldsToMergeOn": upsert.merge_on}
        calls = _calls(
            [batches.upserted(record) for record in upsert.records],
            lambda some: requests.write_records("PATCH", base, table, some, upsert, performUpsert=merge),
        )
        if dry_run:
            return await self._preview(calls, who)
        told, operation = await self._in_turn(calls, read, who)
        return RecordsUpserted(
            operation=operation,
            records=records,
            created=created,
            updated=updated,
            calls=told,
            complete=_complete(told),
        )

    async def delete(
        self, base: str, table: str, ids: Sequence[str], who: Principal, *, dry_run: bool = False
    ) -> RecordsDeleted | DryRun:
        deleted: list[str] = []
        calls = _calls(ids, lambda some: requests.delete_records(base, table, some))
        if dry_run:
            return await self._preview(calls, who)
        told, operation = await self._in_turn(
            calls, lambda raw: deleted.extend(one["id"] for one in raw["records"] if one["deleted"]), who
        )
        return RecordsDeleted(operation=operation, deleted=deleted, calls=told, complete=_complete(told))

    async def _check(self, base: str, table: str, sent: NewRecords | RecordChanges | Upsert) -> None:
        await self._checks.cells(base, table, [one.fields for one in sent.records], sent, at="records.{}.fields")

    async def _written(self, calls: Sequence[Planned], who: Principal, dry_run: bool) -> RecordsWritten | DryRun:
        if dry_run:
            return await self._preview(calls, who)
        records: list[Record] = []
        told, operation = await self._in_turn(calls, lambda raw: records.extend(shapes.records_of(raw)), who)
        return RecordsWritten(operation=operation, records=records, calls=told, complete=_complete(told))

    async def _preview(self, calls: Sequence[Planned], who: Principal) -> DryRun:
        return await self._previews.of([call for _, _, call in calls], who)

    async def _in_turn(self, calls: Sequence[Planned], read: Callable[[Any], None], who: Principal) -> Told:
        told: list[CallOutcome] = []
        operation = self._writes.begin(calls[0][2], who, sum(count for _, count, _ in calls))
        for position, (first, count, call) in enumerate(calls):
            try:
                answer = await self._writes.send(call, operation)
                shapes.understood(shapes.parsed(answer), read)
            except AppError as error:
                unknown = isinstance(error, AirtableWriteUnknown | AirtableInvalidAnswer)
                if not told and not (unknown and len(calls) > 1):
                    raise
                told.append(batches.stopped(first, count, error, unknown=unknown))
                return [*told, *batches.not_sent(calls[position + 1 :])], operation.id
            told.append(batches.done(first, count))
        return told, operation.id


def _calls(items: Sequence[T], call_for: Callable[[Sequence[T]], Call]) -> list[Planned]:
    return [(first, len(some), call_for(some)) for first, some in batches.split(items)]


def _complete(calls: Sequence[CallOutcome]) -> bool:
    return all(call.outcome == "done" for call in calls)
