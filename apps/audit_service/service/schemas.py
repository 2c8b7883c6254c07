"""What the metadata of an action should look like: kept in versions, checked when an entry comes in."""

from collections.abc import Callable
from typing import Any

import jsonschema_rs
from sqlalchemy.exc import IntegrityError

from apps.audit_service.domain.errors import BadSchema, SchemaRaced
from apps.audit_service.store import SchemaStore
from chassis import Database, Principal, Read
from contracts.audit_service import ActionSchema, Entry

MOST_FLAWS = 10  # told of one entry
COMPILED = 1_000  # schemas kept ready
Check = Callable[[Entry], tuple[int | None, list[str]]]


class Schemas:
    def __init__(self, db: Database, store: SchemaStore) -> None:
        self._db = db
        self._store = store
        self._compiled: dict[tuple[str, str, int], Any] = {}

    async def check(self, read: Read, tenant: str) -> Check:
        """A function that gives the version an entry was checked against, None without one, and what is wrong."""
        newest = {schema.action: schema for schema in await self._store.newest(read, tenant)}

        def flaws(entry: Entry) -> tuple[int | None, list[str]]:
            schema = newest.get(entry.action)
            if schema is None:
                return None, []
            validator = self._validator(tenant, schema)
            found = []
            for error in validator.iter_errors(entry.metadata):
                found.append(f"{'.'.join(map(str, error.instance_path)) or 'metadata'}: {error.message}"[:500])
                if len(found) == MOST_FLAWS:
                    break
            return schema.version, found

        return flaws

    async def of(self, action: str, who: Principal) -> list[ActionSchema]:
        """All versions, newest first."""
        async with self._db.read(who) as read:
            return await self._store.versions(read, action)

    async def newest(self, who: Principal) -> list[ActionSchema]:
        """Of each action that has one."""
        async with self._db.read(who) as read:
            return await self._store.newest(read, who.tenant)

    async def add(self, action: str, schema: dict[str, Any], who: Principal) -> ActionSchema:
        """The next version, for entries from now on. Raises BadSchema (422), SchemaRaced (409)."""
        try:
            _compile(schema)
        except (ValueError, TypeError) as error:
            raise BadSchema(f"This is no JSON Schema that can be used: {str(error)[:500]}") from None
        try:
            async with self._db.change(who) as change:
                return await self._store.add(change, action, schema)
        except IntegrityError:
            raise SchemaRaced(
                f"Somebody else gave {action} a schema at the same moment. Look, and try again."
            ) from None

    def _validator(self, tenant: str, schema: ActionSchema) -> Any:
        key = tenant, schema.action, schema.version
        if key not in self._compiled:
            if len(self._compiled) >= COMPILED:
                self._compiled.clear()
            self._compiled[key] = _compile(schema.json_schema)
        return self._compiled[key]


def _compile(schema: dict[str, Any]) -> Any:
    return jsonschema_rs.Draft202012Validator(schema, retriever=_nothing_outside)


def _nothing_outside(uri: str) -> Any:
    raise ValueError(f"refers to {uri}; put it into the schema")
