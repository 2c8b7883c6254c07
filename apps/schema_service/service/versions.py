"""The use cases: take a snapshot and tell of what changed, look at versions, compare them."""

from apps.schema_service import domain
from apps.schema_service.clients import AirtableConnector
from apps.schema_service.domain import UnknownVersion
from apps.schema_service.store import SchemaStore
from chassis import AppError, Database, Log, Principal, Read, acting, background, service
from contracts.listing import Listing
from contracts.schema_service import (
    TOLD,
    Candidate,
    Candidates,
    SchemaChanged,
    SchemaDiff,
    Snapshot,
    Validation,
    Validations,
    Version,
    Which,
)

NEWEST = Which()
PATIENCE = 30.0  # seconds the period has for one base


class Schemas:
    def __init__(self, db: Database, store: SchemaStore, airtable: AirtableConnector, log: Log) -> None:
        self._db = db
        self._store = store
        self._airtable = airtable
        self._log = log

    async def take(self, base: str, who: Principal, *, kept: bool = False) -> Snapshot:
        """Raises UnknownBase when Airtable does not show it."""
        tables = await self._airtable.tables(base, kept=kept)
        async with self._db.change(who) as change:
            change.audit(("base", base))
            await self._store.lock(change, base)
            last = await self._store.of(change, base, NEWEST)
            if last is None or last.hash != domain.fingerprint(tables):
                version = last.version + 1 if last else 1
                await self._store.add(change, base, version, domain.fingerprint(tables), tables)
                if last:
                    changes = domain.changes(last.tables, tables)
                    change.publish(
                        SchemaChanged(
                            base=base,
                            version=version,
                            previous=last.version,
                            breaking=any(one.breaking for one in changes),
                            total=len(changes),
                            changes=changes[:TOLD],
                        )
                    )
            return await self._known(change, base, NEWEST)

    async def take_all(self) -> None:
        """Every known base of every tenant; one that cannot be read holds up no other."""
        async with self._db.read(service(self._db.app_id)) as read:
            known = await self._store.known(read)
        for tenant, base in known:
            context = background(self._db.app_id, seconds=PATIENCE)
            context.principal = service(self._db.app_id, tenant)
            try:
                with acting(context):
                    await self.take(base, context.principal)
            except AppError as error:
                self._log.warning("schema not read", base=base, code=error.code)

    async def of(self, base: str, which: Which, who: Principal) -> Snapshot:
        """Raises UnknownVersion."""
        async with self._db.read(who) as read:
            return await self._known(read, base, which)

    async def versions(self, base: str, before: int | None, page_size: int, who: Principal) -> Listing[Version]:
        async with self._db.read(who) as read:
            found = await self._store.versions(read, base, before, page_size + 1)
        more = len(found) > page_size
        return Listing(items=found[:page_size], next=str(found[page_size - 1].version) if more else None)

    async def diff(self, base: str, before: int, after: int | None, who: Principal) -> SchemaDiff:
        async with self._db.read(who) as read:
            old = await self._known(read, base, Which(version=before))
            new = await self._known(read, base, Which(version=after))
        return domain.diff(base, old, new.tables, new.version)

    async def drift(self, base: str, against: int | None, who: Principal) -> SchemaDiff:
        old = await self.of(base, Which(version=against), who)
        return domain.diff(base, old, await self._airtable.tables(base), None)

    async def validate(self, base: str, table: str, candidate: Candidate, who: Principal) -> Validation:
        """By the newest version. Raises UnknownVersion, UnknownTable."""
        known = await self.of(base, NEWEST, who)
        errors = list(domain.mistakes(domain.table_of(known.tables, table), candidate.fields))
        return Validation(version=known.version, valid=not errors, errors=errors)

    async def check(self, base: str, table: str, candidates: Candidates, who: Principal) -> Validations:
        """The mistakes in records that are about to be written. Raises UnknownBase, UnknownTable.

        Nobody is refused by a schema that Airtable has left behind: where there is a mistake, it is looked at again. A
        base that was never seen is remembered from now on.
        """
        try:
            known = await self.of(base, NEWEST, who)
        except UnknownVersion:
            known = await self.take(base, who, kept=True)
        try:
            if not (errors := domain.all_mistakes(known.tables, table, candidates)):
                return Validations(version=known.version, valid=True, total=0, errors=[])
        except domain.UnknownTable:
            pass
        now = await self.take(base, who)
        errors = domain.all_mistakes(now.tables, table, candidates)
        return Validations(version=now.version, valid=not errors, total=len(errors), errors=errors[:TOLD])

    async def _known(self, read: Read, base: str, which: Which) -> Snapshot:
        found = await self._store.of(read, base, which)
        if found is None:
            asked = f"Version {which.version}" if which.version else "A snapshot"
            before = f" before {which.as_of.isoformat()}" if which.as_of else ""
            raise UnknownVersion(
                f"{asked} of {base} was never taken here{before}. Take one with POST /api/v1/schemas/{base}/versions."
            )
        return found
