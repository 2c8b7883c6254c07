"""What a field needs, and what a change of it would do to whatever needs it."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from apps.schema_service.domain.meant import meant
from chassis import AppError
from contracts.airtable_connector import Table, TableField
from contracts.schema_service import Affected, ChangeKind, Dependencies, Dependency, Impact, Node

_FIELD_ID = re.compile(r"fld[A-Za-z0-9]{14}")
_NOTES: dict[ChangeKind, str] = {
    "remove": "Whoever reads or writes it no longer finds it, and its values are gone: Airtable's API cannot bring "
    "them back. Views that filter, sort or group by it lose that.",
    "rename": "Airtable's own formulas follow a rename. Programs that call it by its name no longer find it; its id "
    "stays the same.",
    "retype": "Values that do not fit the new type are gone. Programs that read it find another form.",
}
_VERBS = {
    "unlinked": "is no link any more",
    "breaks": "stops working",
    "fails": "has no result",
    "recomputed": "is computed anew",
}


class UnknownThing(AppError):
    code, status, title, fault = "schema.unknown-thing", 404, "There is no such table or field in the base", "client"


def dependencies(base: str, version: int, tables: Sequence[Table]) -> Dependencies:
    """The graph of the whole base: every field, and an edge to each thing it needs."""
    nodes, edges = _nodes(tables), list(_edges(tables))
    paths = {node.id: node.path for node in nodes}
    lines = []
    for node in nodes:
        needs = [edge for edge in edges if edge.field == node.id]
        if needs:
            lines += [f"{node.path} ({node.type})", *(f"  {edge.how:8} {paths[edge.on]}" for edge in needs)]
    text = "\n".join(lines) or "No field needs another."
    return Dependencies(base=base, version=version, nodes=nodes, edges=edges, text=text)


def impact(base: str, version: int, tables: Sequence[Table], of: str, change: ChangeKind) -> Impact:
    """What needs the table or field, the nearest first. Raises UnknownThing."""
    nodes = {node.id: node for node in _nodes(tables)}
    thing = found(tables, of)
    gone = [thing.id]
    if thing.type == "table":
        gone += [field.id for table in tables if table.id == thing.id for field in table.fields]
    affected = [] if change == "rename" else list(_affected(gone, list(_edges(tables)), nodes, change))
    head = f"{change} {thing.path} ({thing.type})"
    lines = [f"  {one.path} ({one.type}) {_VERBS[one.effect]}: {' ← '.join(one.via)}" for one in affected]
    text = "\n".join([head, *(lines or ["  nothing else in the base needs it"]), _NOTES[change]])
    return Impact(
        base=base, version=version, of=thing, change=change, affected=affected, note=_NOTES[change], text=text
    )


def _affected(
    gone: Sequence[str], edges: Sequence[Dependency], nodes: dict[str, Node], change: ChangeKind
) -> Iterator[Affected]:
    """Breadth first from what is changed, each field once, by its shortest way."""
    via: dict[str, list[str]] = {key: [nodes[key].path] for key in gone}
    effects: dict[str, str] = dict.fromkeys(gone, "")
    waiting = list(gone)
    while waiting:
        key = waiting.pop(0)
        for edge in edges:
            if edge.on != key or edge.field in via:
                continue
            effect = _effect(edge, change, first=key in gone, before=effects[key])
            if effect is None:
                continue
            via[edge.field], effects[edge.field] = [nodes[edge.field].path, *via[key]], effect
            waiting.append(edge.field)
            node = nodes[edge.field]
            yield Affected(**node.model_dump(), effect=effect, via=via[key])


def _effect(edge: Dependency, change: ChangeKind, *, first: bool, before: str) -> Any:
    """None: nothing happens along this edge."""
    match edge.how:
        case "inverse":
            return "unlinked" if first else None
        case "table":
            return "unlinked"
        case "shown":
            return "recomputed"
        case "along" if before == "recomputed":
            return None  # the records it leads to are the same
        case "along":
            return "breaks" if first or before == "unlinked" else "fails"
    if change == "retype" or before in ("recomputed", "unlinked"):
        return "recomputed"
    return "breaks" if first else "fails"


def _nodes(tables: Sequence[Table]) -> list[Node]:
    return [
        node
        for table in tables
        for node in (
            Node(id=table.id, path=table.name, type="table"),
            *(Node(id=field.id, path=f"{table.name}.{field.name}", type=field.type) for field in table.fields),
        )
    ]


def _edges(tables: Sequence[Table]) -> Iterator[Dependency]:
    primary = {table.id: table.primary_field_id for table in tables}
    known = {node.id for node in _nodes(tables)}
    for table in tables:
        for field in table.fields:
            seen: set[str] = set()
            for how, on in _needs(field, primary):
                if on in known and on != field.id and on not in seen:
                    seen.add(on)
                    yield Dependency.model_validate({"field": field.id, "on": on, "how": how})


def _needs(field: TableField, primary: dict[str, str]) -> Iterator[tuple[str, str]]:
    options = field.options or {}
    if link := options.get("recordLinkFieldId"):
        yield "along", link
    if value := options.get("fieldIdInLinkedTable"):
        yield "value", value
    if linked := options.get("linkedTableId"):
        yield "table", linked
        yield "shown", primary.get(linked, "")
        yield "inverse", options.get("inverseLinkFieldId") or ""
    for key in [*_FIELD_ID.findall(options.get("formula") or ""), *(options.get("referencedFieldIds") or [])]:
        yield "formula", key


def found(tables: Sequence[Table], of: str) -> Node:
    """The table or field, by id or as `Table.Field`. Raises UnknownThing."""
    nodes = _nodes(tables)
    for node in nodes:
        if of in (node.id, node.path):
            return node
    raise UnknownThing(f"Nothing is called {of}.{meant(of, [node.path for node in nodes])}")
