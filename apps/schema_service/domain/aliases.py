"""What a consumer's names mean now: it keeps the names of the version it was written against."""

from collections.abc import Collection, Sequence

from apps.schema_service.domain.dependencies import found
from apps.schema_service.domain.differences import changes, told
from contracts.airtable_connector import Table
from contracts.schema_service import Consumer, ConsumerState, SchemaChange, TableAliases


def used(tables: Sequence[Table], names: Sequence[str]) -> list[str]:
    """The ids of what a consumer says it uses. Raises UnknownThing."""
    return list(dict.fromkeys(found(tables, name).id for name in names))


def state(consumer: Consumer, then: Sequence[Table], now: Sequence[Table], current: int) -> ConsumerState:
    """A consumer, from the tables of its version and the newest."""
    since = [one for one in changes(then, now) if _concerns(one, consumer.uses)]
    broken = [one for one in since if one.breaking and one.kind != "renamed"]
    aliases = [one for table in then if (one := _aliases(table, now))]
    lines = [told(one) for one in since] or ["Nothing it uses has changed."]
    renamed = [f"{one.called}.{old} is {one.name}.{new}" for one in aliases for old, new in one.fields.items()]
    return ConsumerState(
        **consumer.model_dump(),
        current=current,
        broken=bool(broken),
        changes=since,
        aliases=aliases,
        text="\n".join([*lines, *renamed]),
    )


def _concerns(change: SchemaChange, uses: Collection[str]) -> bool:
    """What a consumer uses of a table is all of it when it names the table alone."""
    return not uses or change.id in uses or (change.what == "field" and change.table_id in uses)


def _aliases(then: Table, tables: Sequence[Table]) -> TableAliases | None:
    """None when every name the consumer can know means what it did."""
    now = next((table for table in tables if table.id == then.id), None)
    if now is None:
        return None
    names = {field.id: field.name for field in now.fields}
    known = {field.id: field.name for field in then.fields}
    fields = {called: names[key] for key, called in known.items() if key in names and names[key] != called}
    hidden = [field.name for field in now.fields if field.id not in known and field.name in known.values()]
    if not fields and not hidden and then.name == now.name:
        return None
    return TableAliases(table_id=then.id, called=then.name, name=now.name, fields=fields, hidden=hidden)
