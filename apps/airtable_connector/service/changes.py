"""What changed at Airtable, and so which kept answers nobody may get any more: by our writes, and by what is told."""

import time
from collections.abc import Sequence
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
from apps.airtable_connector.settings import Settings
from apps.airtable_connector.store import CacheAway, Entry, ReadCache, entry_key
from contracts.webhook_service import BaseChanged

NO_BASE = "-"  # stands for what is outside any base: whoami, the list of bases
LAYOUT_KEPT = 60.0  # s; longer where a change of the schema is told
WORTH_A_LAYOUT = 5  # changes of a base, since nobody knows when; then its schema is worth a call


@dataclass(frozen=True, slots=True)
class Before:
    """When a write was about to be sent (Unix time), and what counted then; None when the state store was away."""

    at: float
    versions: Versions | None


class Changes:
    def __init__(self, settings: Settings, cache: ReadCache, tokens: Tokens) -> None:
        self._settings, self._cache, self._tokens = settings, cache, tokens
        self._layouts: dict[str, tuple[Layout | None, tuple[str, int], float]] = {}
        self._looked: dict[str, float] = {}
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
        table, told = operation.table, _told(answer)
        records = told.keys() | {row.record for row in rows if row.record}
        known = bool(told) or (bool(rows) and not any(row.kind == "upsert" for row in rows))
        if not table.startswith("tbl") or not known or writing.alters_schema(call):
            await self.unknown(call.base, schema=writing.alters_schema(call))
            return
        newest: set[str] = set()

        def touch(versions: Versions) -> None:
            newest.clear()
            newest.update(one for one in told if before.versions and before.versions.agrees_on(one, versions))
            versions.touched(table, records)
            for record, content in told.items():
                versions.wrote(record, content.get("fields", {}))

        self.made += 1
        versions = await self._cache.change(operation.base, touch)
        if versions and not writing.by_id(call):
            for record in newest:
                await self._keep(call, operation.tenant, told[record], versions, before.at)
        await self._cache.lapse()

    async def heard(self, event: BaseChanged) -> None:
        """Others changed this, or we did, which is in the cache already."""

        def touch(versions: Versions) -> None:
            layout = self.layout(event.base, versions)
            names = layout.names if layout else {}
            for table in event.tables:
                changed = [one for one, cells in table.records.items() if not versions.is_echo(one, cells, names)]
                if changed or table.deleted:
                    versions.touched(table.table, [*changed, *table.deleted])
            if event.schema_changed:
                versions.everything(schema=True)
            versions.listens(event.again_within)

        self.made += 1
        await self._cache.change(event.base, touch)

    async def _keep(self, call: Call, tenant: str, record: dict[str, Any], versions: Versions, asked_at: float) -> None:
        """As the answer to who asks for that record alone. Not where files were added: Airtable still looks at them."""
        layout = self.layout(call.base, versions)
        asked = replace(call, method="GET", path=f"{'/'.join(call.path.split('/')[:2])}/{record['id']}")
        if layout is None or layout.table(requests.table_of(asked)[0] or "") not in layout.alone or _has_files(record):
            return
        number, path = versions.place(asked, layout)
        token, body = await self._tokens.mark(tenant, call.connection), Answer(200, orjson.dumps(record))
        for shape in (shapes.AS_IS, shapes.RECORD):
            kind = body.content_type if shape.render is None else "application/json"
            entry = Entry.of(shape.of(body)[0], kind, self._settings.read_cache_ttl, asked_at)
            await self._cache.keep(entry_key(token, f"{call.base}:{number}", shape.name, "GET", path, b""), entry)


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
    lists = [value for value in record.get("fields", {}).values() if isinstance(value, list)]
    return any(isinstance(one, dict) and "url" in one for value in lists for one in value) or "fields" not in record
