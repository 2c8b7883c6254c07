"""Undoing a write: what it takes, and doing it. Done again it goes on where it stopped; it can be undone itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from apps.airtable_connector.domain import diffs, requests, restoring, reverting, shapes
from apps.airtable_connector.domain.batches import split
from apps.airtable_connector.domain.errors import (
    AirtableReadOnly,
    AirtableWriteUnknown,
    OperationNotFound,
    OperationUnfinished,
)
from apps.airtable_connector.domain.journal import OperationRow, RecordRow
from apps.airtable_connector.domain.reverting import Scene, Step
from apps.airtable_connector.service.connections import over
from apps.airtable_connector.service.images import Images
from apps.airtable_connector.service.journal import Journal, Running
from apps.airtable_connector.service.tables import Tables
from apps.airtable_connector.service.writes import Writes
from apps.airtable_connector.settings import Settings
from apps.airtable_connector.store import JournalStore
from chassis import AppError, Database, Principal
from contracts.airtable_connector import Options, Revert, Reverted, Table

PAGE = 100  # records one look at Airtable tells of


@dataclass(slots=True)
class Undoing:
    """What is to be done, and, once it is being done, what came of it."""

    original: OperationRow
    scene: Scene
    steps: list[Step]
    tables: Sequence[Table]
    replaced: dict[str, str] = field(default_factory=dict)
    problem: AppError | None = None

    def of(self, kind: str) -> list[Step]:
        return [step for step in self.steps if step.kind == kind]

    @property
    def options(self) -> Options:
        return Options(fields_by_id=self.original.fields_by_id)

    def awaited(self) -> set[str]:
        """What is to come back and has not yet."""
        return {step.record for step in self.of("create")} - set(self.replaced)

    def in_todays_terms(self, sent: dict[str, Any]) -> dict[str, Any]:
        away = set(self.scene.returning) - set(self.scene.now) - set(self.replaced)
        return restoring.renamed(sent, self.scene.fields, self.replaced, away)

    def told(self, by: UUID | None, *, dry_run: bool) -> Reverted:
        changes = [step.diff for step in self.steps]
        table = next((one for one in self.tables if one.id == self.original.table), None)
        back, gone = len(self.of("create")), len(self.of("delete"))
        lost = restoring.irrecoverable(back, gone, table, self.tables)
        lost += [one for step in self.steps for one in step.lost]
        conflicts = sum(step.conflicts for step in self.steps)
        problem = f"{self.problem.code}: {self.problem.detail}" if self.problem else None
        lines = [diffs.text(changes), *(f"{was} came back as {now}" for was, now in self.replaced.items())]
        if lost:
            lines += ["Airtable cannot bring back:", *(f"  - {one}" for one in lost)]
        if problem:
            lines.append(f"It stopped: {problem} Do it again to go on.")
        return Reverted(
            operation=self.original.id,
            by=by,
            dry_run=dry_run,
            complete=not conflicts and not problem and not any(step.impossible for step in self.steps),
            changes=changes,
            replaced=self.replaced,
            conflicts=conflicts,
            irrecoverable=lost,
            problem=problem,
            text="\n".join(line for line in lines if line),
        )


class Reverts:
    def __init__(
        self,
        settings: Settings,
        db: Database,
        store: JournalStore,
        journal: Journal,
        images: Images,
        tables: Tables,
        writes: Writes,
    ) -> None:
        self._settings, self._db, self._store, self._journal = settings, db, store, journal
        self._images, self._tables, self._writes = images, tables, writes

    async def revert(self, operation: UUID, asked: Revert, who: Principal) -> Reverted:
        """Raises OperationNotFound, OperationUnfinished, what reading raises, and what the first write raises, since
        nothing has happened then. What stops it later stands in the report."""
        async with self._db.read(who) as read:
            original = await self._store.find(read, operation)
        if original is None:
            raise OperationNotFound(f"There is no operation {operation}. GET /api/v1/operations lists them.")
        with over(original.connection):
            return await self._revert(original, asked, who)

    async def _revert(self, original: OperationRow, asked: Revert, who: Principal) -> Reverted:
        if asked.dry_run:
            return (await self._look(original, asked, who)).told(None, dry_run=True)
        if not self._settings.allow_writes:
            raise AirtableReadOnly()
        running = await self._journal.begin_revert(original, who)
        stopped: AppError | None = None
        try:
            undoing = await self._look(original, asked, who)
            await self._do(undoing, running)
            stopped = undoing.problem
        finally:
            await self._journal.end_revert(running, stopped)
        return undoing.told(running.row.id if running.calls else None, dry_run=False)

    async def _look(self, original: OperationRow, asked: Revert, who: Principal) -> Undoing:
        async with self._db.read(who) as read:
            rows = reverting.folded(await self._store.records(read, original.id))
            renamed = await self._store.successors(read, _records_in(rows))
            names = [renamed.get(row.record, row.record) for row in rows if row.record]
            uncertain = await self._store.uncertain(read, names)
        if any(row.state == "intended" for row in rows):
            raise OperationUnfinished(f"Operation {original.id} is under way, or its answer is being looked for.")
        tables = await self._tables.of(original.base, who.tenant)
        table = next((one for one in tables if one.id == original.table), None)
        fields = {one.id if original.fields_by_id else one.name: one for one in (table.fields if table else ())}
        now = datetime.now(UTC)
        scene = Scene(
            fields,
            await self._now(original, names, who),
            renamed,
            await self._linked(original, reverting.links(rows, fields), renamed, who),
            reverting.returning(rows, renamed),
            uncertain,
            fresh=all(restoring.still_served(row.sent_at, now) for row in rows if row.sent_at),
        )
        return Undoing(original, scene, reverting.plan(rows, scene, asked), tables)

    async def _now(self, original: OperationRow, records: Sequence[str], who: Principal) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for _, some in split(list(dict.fromkeys(records)), PAGE):
            found |= await self._images.of(original, some, who)
        return found

    async def _linked(
        self, original: OperationRow, links: Mapping[str, set[str]], renamed: Mapping[str, str], who: Principal
    ) -> set[str]:
        """The linked records that there are."""
        found: set[str] = set()
        for table, linked in links.items():
            for _, some in split(sorted({renamed.get(one, one) for one in linked}), PAGE):
                found |= set(await self._images.of(original, some, who, table=table))
        return found

    async def _do(self, undoing: Undoing, running: Running) -> None:
        try:
            await self._bring_back(undoing, running)
            await self._change_back(undoing, running)
            await self._take_away(undoing, running)
        except AppError as error:
            if running.calls <= 1 and not isinstance(error, AirtableWriteUnknown):
                raise
            undoing.problem = error

    async def _bring_back(self, undoing: Undoing, running: Running) -> None:
        """Without the links to records that are yet to come back: those are set when all of them are there."""
        original, fields = undoing.original, undoing.scene.fields
        for _, some in split(undoing.of("create")):
            later = [restoring.held_back(step.cells, fields, undoing.awaited()) for step in some]
            new = [
                {"fields": undoing.in_todays_terms({k: v for k, v in step.cells.items() if k not in held})}
                for step, held in zip(some, later, strict=True)
            ]
            call = requests.write_records("POST", original.base, original.table, new, undoing.options)
            answer = await self._writes.send(call, running, [step.record for step in some])
            made = shapes.understood(shapes.parsed(answer), shapes.records_of)
            for step, held, record in zip(some, later, made, strict=True):
                undoing.replaced[step.record], step.cells = record.id, held

    async def _change_back(self, undoing: Undoing, running: Running) -> None:
        original = undoing.original
        linked = [step for step in undoing.of("create") if step.cells]
        for _, some in split([*linked, *undoing.of("update")]):
            changes = [
                {"id": undoing.replaced.get(step.record, step.record), "fields": undoing.in_todays_terms(step.cells)}
                for step in some
            ]
            await self._writes.send(
                requests.write_records("PATCH", original.base, original.table, changes, undoing.options), running
            )

    async def _take_away(self, undoing: Undoing, running: Running) -> None:
        original = undoing.original
        for _, some in split([step.record for step in undoing.of("delete")]):
            await self._writes.send(requests.delete_records(original.base, original.table, some), running)


def _records_in(rows: Sequence[RecordRow]) -> list[str]:
    """Every record that is named anywhere in these rows, as far as it could have been deleted."""
    named = {row.record for row in rows if row.record}
    for row in rows:
        for value in [*(row.before or {}).values(), *(row.after or {}).values()]:
            if isinstance(value, list):
                named.update(one for one in value if isinstance(one, str) and one.startswith("rec"))
    return sorted(named)
