"""Writing to Airtable: once, journaled, and never leaving an answer in the cache that it made untrue."""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.airtable_connector.clients import MergedCalls
from apps.airtable_connector.domain import errors, refusals, requests, shapes
from apps.airtable_connector.domain.calls import Answer, Call
from apps.airtable_connector.service.changes import Changes
from apps.airtable_connector.service.checks import Checks
from apps.airtable_connector.service.connections import Connections
from apps.airtable_connector.service.journal import Journal, Running
from apps.airtable_connector.service.previews import Previews
from apps.airtable_connector.service.reads import Reads
from apps.airtable_connector.settings import Settings
from chassis import AppError, Principal
from contracts.airtable_connector import DeletedRecord, DryRun, Record, RecordChange

NOTHING_HAPPENED = (
    errors.AirtableReadOnly,
    errors.AirtableRateLimited,
    errors.AirtableUnavailable,
    errors.AirtableTimeout,
    errors.AirtableNoToken,
)


@dataclass(frozen=True, slots=True)
class Done:
    """What a write of one record is answered with, and its operation unless it was a dry run."""

    told: Record | DeletedRecord | DryRun
    operation: str | None = None


class Writes:
    def __init__(
        self,
        settings: Settings,
        airtable: MergedCalls,
        connections: Connections,
        reads: Reads,
        journal: Journal,
        previews: Previews,
        checks: Checks,
        changes: Changes,
    ) -> None:
        self._settings, self._airtable, self._reads, self._journal = settings, airtable, reads, journal
        self._connections, self._previews, self._checks = connections, previews, checks
        self._changes = changes

    def begin(self, call: Call, who: Principal, asked: int | None = None) -> Running:
        """The operation that `call`, and maybe more after it, belong to; they are to write `asked` records."""
        return self._journal.begin(call, who, asked)

    async def send(self, call: Call, operation: Running, replaces: Sequence[str | None] = ()) -> Answer:
        """Airtable's answer to a write that succeeded; raises our error for every other one."""
        if not self._settings.allow_writes:
            raise errors.AirtableReadOnly()
        call = await self._connections.choose(call, operation.who.tenant)
        rows = await self._journal.intend(operation, call, replaces)
        before = await self._changes.before(call)
        happened, answer = True, None
        try:
            answer = await self._airtable.send(call, operation.who.tenant)
            happened = answer.ok or answer.status >= 500
        except NOTHING_HAPPENED as error:
            happened = False
            await self._journal.failed(operation, rows, error)
            raise
        except AppError as error:
            await self._journal.lost(operation, error)
            raise
        finally:
            if happened:
                await self._changes.wrote(call, operation.row, rows, answer, before)
        if answer.ok:
            try:
                await self._journal.done(operation, rows, shapes.parsed(answer))
            except errors.AirtableInvalidAnswer as error:
                await self._journal.lost(operation, error)
            return answer
        refused = refusals.error_of(answer, read_only=False)
        if isinstance(refused, errors.AirtableWriteUnknown | errors.AirtableInvalidAnswer):
            await self._journal.lost(operation, refused)
        else:
            await self._journal.failed(operation, rows, refused)
        raise await self._reads.explained(refused, call, operation.who.tenant)

    async def change(
        self, method: str, base: str, table: str, record: str, change: RecordChange, who: Principal, *, dry_run: bool
    ) -> Done:
        """PATCH: the named cells; PUT: the whole record."""
        await self._checks.cells(base, table, [change.fields], change, at="fields")
        call = requests.write_record(method, base, table, record, change.fields, change)
        if dry_run:
            return Done(await self._previews.of([call], who))
        operation = self.begin(call, who)
        answer = await self.send(call, operation)
        return Done(shapes.understood(shapes.parsed(answer), shapes.record_of), operation.id)

    async def delete(self, base: str, table: str, record: str, who: Principal, *, dry_run: bool) -> Done:
        call = requests.delete_record(base, table, record)
        if dry_run:
            return Done(await self._previews.of([call], who))
        operation = self.begin(call, who)
        answer = await self.send(call, operation)
        deleted = DeletedRecord(id=shapes.understood(shapes.parsed(answer), lambda raw: str(raw["id"])))
        return Done(deleted, operation.id)
