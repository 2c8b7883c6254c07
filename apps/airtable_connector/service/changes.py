"""What changed at Airtable, and so which kept answers nobody may get any more: by our writes, and by what is told."""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import orjson

from apps.airtable_connector.clients import Tokens
from apps.airtable_connector.domain import requests, shapes, writing
from apps.airtable_connector.domain.calls import Answer, Call
from apps.airtable_connector.domain.errors import AirtableInvalidAnswer
from apps.airtable_connector.domain.journal import OperationRow, RecordRow
from apps.airtable_connector.domain.layouts import Layout, layout_of
from apps.airtable_connector.domain.versions import Versions
from apps.airtable_connector.service.monitor import Monitor
from apps.airtable_connector.settings import Settings
from apps.airtable_connector.store import CacheAway, Entry, ReadCache, entry_key
from contracts.webhook_service import BaseChanged

NO_BASE = "-"  # stands for what is outside any base: whoami, the list of bases
LAYOUT_KEPT = 60.0  # s; longer where a change of the schema is told
MOST_TOKENS = 20  # of a base
CLOCKS = 5.0  # s; Airtable's may differ from ours
WORTH_A_LAYOUT = 5  # changes of a base, since nobody knows when; then its schema is worth a call

Place = tuple[str, str]  # number and path, as `Versions.place` gives them


@dataclass(frozen=True, slots=True)
class Before:
    """When a write was about to be sent (Unix time), and what counted then; None when the state store was away."""

    at: float
    versions: Versions | None


class Changes:
    def __init__(self, settings: Settings, cache: ReadCache, tokens: Tokens, monitor: Monitor) -> None:
        self._settings, self._cache, self._tokens = settings, cache, tokens
        self._monitor = monitor
        self._layouts: dict[str, tuple[Layout | None, tuple[str, int], float]] = {}
        self._looked: dict[str, float] = {}
        self._tokens_of: dict[str, set[str]] = {}
        self.made = 0  # so many by this process

    def layout(self, base: str | None, versions: Versions) -> Layout | None:
        """What is known of the base's tables, if it is still true."""
        layout, number, asked_at = self._layouts.get(base or "", (None, ("", 0), 0.0))
        fitting = number == (versions.born, versions.schema_)
        return layout if fitting and (time.time() < asked_at + LAYOUT_KEPT or versions.heard_since(asked_at)) else None

    def wants_layout(self, call: Call, versions: Versions) -> bool:
        """Whether it is time to look, which is then done once by who is told so."""
        if not call.base or call.of_schema or versions.last < WORTH_A_LAYOUT or self.layout(call.base, versions):
            return False
        if time.monotonic() < self._looked.get(call.base, -LAYOUT_KEPT) + LAYOUT_KEPT / 2:
            return False
        self._looked[call.base] = time.monotonic()
        return True

    def learn(self, base: str, versions: Versions, schema: Entry) -> None:
        """`schema` as Airtable told it, with what counted when it was asked for."""
        try:
            layout = layout_of(orjson.loads(schema.plain))
        except (KeyError, TypeError, AttributeError):
            layout = None
        self._layouts[base] = layout, (versions.born, versions.schema_), schema.asked_at

    async def unknown(self, base: str | None, *, schema: bool = False) -> None:
        """Something of `base` changed, or may have: what was read of its records before is not served again, and with
        `schema` what was read of its tables and fields."""
        self.made += 1
        await self._cache.change(base or NO_BASE, lambda versions: versions.everything(schema=schema))
        await self._cache.lapse()

    async def before(self, call: Call) -> Before:
        """To be asked before a write is sent."""
        try:
            return Before(time.time(), await self._cache.versions(call.base or NO_BASE))
        except CacheAway:
            return Before(time.time(), None)

    async def wrote(
        self, call: Call, operation: OperationRow, rows: Sequence[RecordRow], answer: Answer | None, before: Before
    ) -> None:
        """A write of ours happened, or may have when it has no `answer`. Returns when whoever reads after that sees it.

        What it answered is kept for who asks for such a record next, unless something else of the record changed
        meanwhile: of two changes nobody knows here which was the first.
        """
        table, told = self._table(call, before), _told(answer)
        records = told.keys() | {row.record for row in rows if row.record}
        self._monitor.wrote(records, before.at)
        known = bool(told) or (bool(rows) and not any(row.kind == "upsert" for row in rows))
        if table is None or not known or writing.alters_schema(call):
            await self.unknown(call.base, schema=writing.alters_schema(call))
            return
        newest: set[str] = set()

        def touch(versions: Versions) -> None:
            newest.clear()
            newest.update(one for one in told if before.versions and before.versions.agrees_on(one, versions))
            versions.touched(table, records)
            for record, content in told.items():
                if "fields" in content:
                    versions.wrote(record, content["fields"])

        self.made += 1
        versions = await self._cache.change(operation.base, touch)
        if versions and not writing.by_id(call):
            for record in newest:
                await self._keep(call, operation.tenant, told[record], versions, before.at)
        await self._cache.lapse()

    def _table(self, call: Call, before: Before) -> str | None:
        """The id of the table that is written; None for a name, where nobody knows whose it is."""
        named, _ = requests.table_of(call)
        layout = self.layout(call.base, before.versions) if before.versions else None
        if layout and named:
            return layout.table(named)
        return named if named and named.startswith("tbl") and len(named) == 17 else None

    def read_by(self, base: str, token: str) -> None:
        """Somebody with this token reads the base here: what is told is written into what is kept for it."""
        self._tokens_of.setdefault(base, set()).add(token)
        if len(self._tokens_of[base]) > MOST_TOKENS:
            self._tokens_of.pop(base)

    async def heard(self, event: BaseChanged, number: int) -> None:
        """Others changed this, or we did, which is in the cache already. `number` is the event's among the base's."""
        moved: dict[tuple[str, str], tuple[Place, Place]] = {}

        def touch(versions: Versions) -> None:
            moved.clear()
            layout = self.layout(event.base, versions)
            names = layout.names if layout else {}
            for table in event.tables:
                changed = [one for one, cells in table.records.items() if not versions.is_echo(one, cells, names)]
                calls = [requests.get_record(event.base, table.table, one) for one in changed]
                before = [versions.place(call, layout) for call in calls]
                if changed or table.deleted:
                    versions.touched(table.table, [*changed, *table.deleted])
                if layout and table.table in layout.alone & layout.plain:
                    after = [versions.place(call, layout) for call in calls]
                    keys = [(table.table, one) for one in changed]
                    moved.update(zip(keys, zip(before, after, strict=True), strict=True))
            if event.schema_changed:
                versions.everything(schema=True)
                moved.clear()
            versions.listens(event.again_within)

        self.made += 1
        versions = await self._cache.change(event.base, touch)
        layout = self.layout(event.base, versions) if versions else None
        cells = {(table.table, one): told for table in event.tables for one, told in table.records.items()}
        for key, (old, new) in moved.items():
            if layout and event.changed_at and number and cells[key]:
                at = event.changed_at.timestamp()
                await self._write_into(event.base, number, at, old, new, layout, cells[key] or {})

    async def _write_into(
        self, base: str, number: int, at: float, old: Place, new: Place, layout: Layout, cells: dict[str, Any]
    ) -> None:
        """Keep what was kept at `old`, with the cells, at `new`; only what is certain to be older than the event."""
        for token in self._tokens_of.get(base, ()):
            for shape in (shapes.AS_IS, shapes.RECORD):
                with suppress(CacheAway):
                    entry = await self._cache.find(_key(token, base, old, shape.name))
                    if entry is None or not self._is_older(entry, number, at):
                        continue
                    record = layout.patched(orjson.loads(entry.plain), cells)
                    if record is not None:
                        kept = Entry.of(orjson.dumps(record), entry.content_type, 0, entry.asked_at)
                        kept = replace(kept, fresh_until=entry.fresh_until, told=number)
                        await self._cache.keep(_key(token, base, new, shape.name), kept)

    def _is_older(self, entry: Entry, number: int, at: float) -> bool:
        answered_at = entry.fresh_until - self._settings.read_cache_ttl
        return entry.told < number if entry.told else answered_at + CLOCKS < at

    async def _keep(self, call: Call, tenant: str, record: dict[str, Any], versions: Versions, asked_at: float) -> None:
        """As the answer to who asks for that record alone, where it shows no other one; here, since ten records are
        twenty answers to write into the store."""
        layout = self.layout(call.base, versions)
        table = layout.table(requests.table_of(call)[0] or "") if layout else None
        if layout and table in layout.alone:
            token = await self._tokens.mark(tenant, call.connection)
            for key, entry in self.kept(token, call.base or "", table, [record], versions, asked_at):
                self._cache.keep_near(key, entry)

    def kept(
        self, token: str, base: str, table: str, records: Sequence[Any], versions: Versions, asked_at: float
    ) -> Iterator[tuple[str, Entry]]:
        """Whole records as answers to who asks for one of them, and where they are kept. Not those with files that
        Airtable may still be looking at, nor what is no whole record."""
        layout = self.layout(base, versions)
        for record in (one for one in records if "fields" in one and not _has_files(one)):
            place = versions.place(requests.get_record(base, table, record["id"]), layout)
            answer = Answer(200, orjson.dumps(record))
            for shape in (shapes.AS_IS, shapes.RECORD):
                kind = answer.content_type if shape.render is None else "application/json"
                entry = Entry.of(shape.of(answer)[0], kind, self._settings.read_cache_ttl, asked_at)
                yield _key(token, base, place, shape.name), entry


def _key(token: str, base: str, place: Place, shape: str) -> str:
    """Where a record is kept for who asks for nothing else."""
    number, path = place
    return entry_key(token, f"{base}:{number}", shape, "GET", path, b"")


def _told(answer: Answer | None) -> dict[str, dict[str, Any]]:
    """The records of a write's answer by id; none where it does not say."""
    if answer is None or not answer.ok:
        return {}
    try:
        raw = shapes.parsed(answer)
        return {str(one["id"]): one for one in raw.get("records", [raw])}
    except (AirtableInvalidAnswer, KeyError, TypeError, AttributeError):
        return {}


def _has_files(record: dict[str, Any]) -> bool:
    lists = [value for value in record["fields"].values() if isinstance(value, list)]
    return any(isinstance(one, dict) and "url" in one for value in lists for one in value)
