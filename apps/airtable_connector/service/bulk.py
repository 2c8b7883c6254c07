"""Batches larger than Airtable takes, as calls of ten, one after the other, with the fate of each told exactly."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from apps.airtable_connector.domain import batches, requests, shapes
from apps.airtable_connector.domain.calls import Call
from apps.airtable_connector.domain.errors import AirtableInvalidAnswer, AirtableWriteUnknown
from apps.airtable_connector.service.writes import Writes
from chassis import AppError
from contracts.airtable_connector import (
    CallOutcome,
    NewRecords,
    Record,
    RecordChanges,
    RecordsDeleted,
    RecordsUpserted,
    RecordsWritten,
    Upsert,
)

T = TypeVar("T")


class Bulk:
    """The first call that does not succeed ends a batch. When it is the very first, and Airtable refused it, nothing
    was written, and its error is raised; otherwise the report says what was."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes

    async def create(self, base: str, table: str, new: NewRecords, tenant: str) -> RecordsWritten:
        records: list[Record] = []
        calls = await self._in_turn(
            [record.model_dump() for record in new.records],
            lambda some: requests.write_records("POST", base, table, some, new),
            lambda raw: records.extend(shapes.records_of(raw)),
            tenant,
        )
        return RecordsWritten(records=records, calls=calls, complete=_complete(calls))

    async def change(self, method: str, base: str, table: str, changes: RecordChanges, tenant: str) -> RecordsWritten:
        records: list[Record] = []
        calls = await self._in_turn(
            [record.model_dump() for record in changes.records],
            lambda some: requests.write_records(method, base, table, some, changes),
            lambda raw: records.extend(shapes.records_of(raw)),
            tenant,
        )
        return RecordsWritten(records=records, calls=calls, complete=_complete(calls))

    async def upsert(self, base: str, table: str, upsert: Upsert, tenant: str) -> RecordsUpserted:
        records: list[Record] = []
        created: list[str] = []
        updated: list[str] = []

        def read(raw: Any) -> None:
            records.extend(shapes.records_of(raw))
            created.extend(raw.get("createdRecords", []))
            updated.extend(raw.get("updatedRecords", []))

        merge = {"fieldsToMergeOn": upsert.merge_on}
        calls = await self._in_turn(
            [batches.upserted(record) for record in upsert.records],
            lambda some: requests.write_records("PATCH", base, table, some, upsert, performUpsert=merge),
            read,
            tenant,
        )
        return RecordsUpserted(
            records=records, created=created, updated=updated, calls=calls, complete=_complete(calls)
        )

    async def delete(self, base: str, table: str, ids: Sequence[str], tenant: str) -> RecordsDeleted:
        deleted: list[str] = []
        calls = await self._in_turn(
            ids,
            lambda some: requests.delete_records(base, table, some),
            lambda raw: deleted.extend(one["id"] for one in raw["records"] if one["deleted"]),
            tenant,
        )
        return RecordsDeleted(deleted=deleted, calls=calls, complete=_complete(calls))

    async def _in_turn(
        self,
        items: Sequence[T],
        call_for: Callable[[Sequence[T]], Call],
        read: Callable[[Any], None],
        tenant: str,
    ) -> list[CallOutcome]:
        told: list[CallOutcome] = []
        chunks = batches.split(items)
        for position, (first, some) in enumerate(chunks):
            try:
                answer = await self._writes.send(call_for(some), tenant)
                shapes.understood(shapes.parsed(answer), read)
            except AppError as error:
                unknown = isinstance(error, AirtableWriteUnknown | AirtableInvalidAnswer)
                if not told and not (unknown and len(chunks) > 1):
                    raise
                told.append(batches.stopped(first, len(some), error, unknown=unknown))
                return [*told, *batches.not_sent(chunks[position + 1 :])]
            told.append(batches.done(first, len(some)))
        return told


def _complete(calls: Sequence[CallOutcome]) -> bool:
    return all(call.outcome == "done" for call in calls)
