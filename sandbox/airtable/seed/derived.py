"""Lookups, rollups and formulas of a seed: what they refer to, in an order that works, and never to themselves."""

from __future__ import annotations

from typing import Any

from sandbox.airtable.fields.base import Kind
from sandbox.airtable.fields.derived import rolled_up, target_field
from sandbox.airtable.fields.links import linked_table
from sandbox.airtable.formula import FormulaError, compile_formula, compile_rollup, field_names, parse, print_formula
from sandbox.airtable.formula.nodes import Node
from sandbox.airtable.formula.parser import MAX_DEPTH
from sandbox.airtable.schema import Field
from sandbox.airtable.seed.options import MOMENT, own_link
from sandbox.airtable.seed.reading import InvalidSeed, Part

_ALONG = {"multipleLookupValues", "rollup"}
#: A formula of the name over all values, for rollups that only name it.
_AGGREGATIONS = (
    "SUM", "AVERAGE", "MAX", "MIN", "COUNT", "COUNTA", "COUNTALL", "AND", "OR", "XOR", "CONCATENATE", "ARRAYJOIN",
    "ARRAYUNIQUE", "ARRAYCOMPACT", "ARRAYFLATTEN",
)  # fmt: skip
#: What one field costs of the depth that a formula may have, beside its own.
_FIELD_DEPTH = 4


def connect_derived(pending: list[tuple[Field, Part]]) -> None:
    """Raises InvalidSeed also for fields that follow from themselves, or from too long a chain of others."""
    derived = {field: options for field, options in pending if field.type.name in {*_ALONG, "formula"}}
    for field, options in derived.items():
        if field.type.name in _ALONG:
            _connect_along(field, options)
    _connect_formulas({field: options for field, options in derived.items() if field.type.name == "formula"})
    depths: dict[Field, int] = {}
    for field, options in derived.items():
        try:
            _depth(field, depths, [])
        except ValueError as error:
            raise InvalidSeed(f"{options.place}: {error}") from None
        field.table.base.volatile |= "compiled" in field.settings and field.settings["compiled"].volatile
    for field in derived:
        field.options["result"] = _result(field)


def _connect_along(field: Field, given: Part) -> None:
    link = own_link(field, given)
    target = linked_table(link).field(given.text("field"))
    if target is None:
        raise given.fail("field", "must name a field of the linked table")
    field.options = {"isValid": True, "recordLinkFieldId": link.id, "fieldIdInLinkedTable": target.id}
    if field.type.name == "rollup":
        field.options["referencedFieldIds"] = [link.id]
        field.settings = {"compiled": _rollup(field, given), "aggregation": given.text("aggregation")}


def _rollup(field: Field, given: Part) -> Any:
    text = given.text("aggregation")
    if text.isalpha() and text.upper() not in _AGGREGATIONS:
        raise given.fail("aggregation", f"must be one of {', '.join(_AGGREGATIONS)}, or a formula of `values`")
    try:
        tree = parse(f"{text}(values)" if text.isalpha() else text)
        return compile_rollup(tree, field.table, lambda record: rolled_up(record, field))
    except FormulaError as error:
        raise given.fail("aggregation", str(error)) from None


def _connect_formulas(waiting: dict[Field, Part]) -> None:
    """A formula is compiled after the formulas it uses, because its kind follows from theirs."""
    trees = {field: _parsed(given) for field, given in waiting.items()}
    while waiting:
        names = {(field.table.id, field.name.casefold()) for field in waiting}
        ready = [field for field in waiting if not any((field.table.id, name) in names for name in trees[field][1])]
        if not ready:
            raise next(iter(waiting.values())).fail("formula", "a formula may not follow from itself")
        for field in ready:
            _connect_formula(field, trees[field][0], waiting.pop(field))


def _parsed(given: Part) -> tuple[Node, set[str]]:
    try:
        tree = parse(given.text("formula"))
    except FormulaError as error:
        raise given.fail("formula", str(error)) from None
    return tree, {name.casefold() for name in field_names(tree)}


def _connect_formula(field: Field, tree: Node, given: Part) -> None:
    ids = {known.name.casefold(): known.id for known in field.table.fields.values()}
    try:
        compiled = compile_formula(tree, field.table)
    except FormulaError as error:
        raise given.fail("formula", str(error)) from None
    field.settings = {"compiled": compiled, "depth": tree.depth}
    field.options = {
        "isValid": True,
        "formula": print_formula(tree, lambda name: ids[name.casefold()]),
        "referencedFieldIds": [used.id for used in compiled.uses],
    }


def _depth(field: Field, known: dict[Field, int], path: list[Field]) -> int:
    """How far evaluation recurses. Raises ValueError for a circle or too much."""
    if field in known:
        return known[field]
    if field in path:
        raise ValueError(f"{field.name} follows from itself")
    if len(path) > MAX_DEPTH:
        raise ValueError(f"{field.name} follows from too long a chain of fields")
    following = [_depth(used, known, [*path, field]) for used in _uses(field)]
    own = field.settings.get("depth", 1) + _FIELD_DEPTH if field.type.computed else 1
    known[field] = own + max(following, default=0)
    if known[field] > MAX_DEPTH:
        raise ValueError(f"{field.name} follows from too long a chain of fields")
    return known[field]


def _uses(field: Field) -> list[Field]:
    match field.type.name:
        case "formula":
            return list(field.settings["compiled"].uses)
        case "rollup" | "multipleLookupValues":
            return [target_field(field)]
        case "multipleRecordLinks":
            # A formula sees the texts of the linked records' primary fields.
            primary = linked_table(field).primary
            return [primary] if primary else []
    return []


def _result(field: Field) -> dict[str, Any]:
    """What kind of cell it looks like, as the metadata API tells."""
    if field.type.name == "multipleLookupValues":
        return _result(target_field(field))
    compiled = field.settings.get("compiled")
    if compiled is None:
        return {"type": field.type.name, **({"options": field.options} if field.options else {})}
    match compiled.kind:
        case Kind.NUMBER:
            return {"type": "number", "options": {"precision": 2 if field.type.name == "rollup" else 0}}
        case Kind.DATE:
            return {"type": "dateTime", "options": MOMENT}
    return {"type": "singleLineText"}
