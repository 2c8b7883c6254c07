"""Syntax tree to a function of a record. Names and numbers of arguments are settled here, before any record.

`FormulaError` is raised for unknown fields first, then for unknown functions, then for wrong numbers of arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from sandbox.airtable.fields.base import Kind
from sandbox.airtable.formula import errors
from sandbox.airtable.formula.comparison import OPERATIONS
from sandbox.airtable.formula.functions import FUNCTIONS, Takes
from sandbox.airtable.formula.nodes import Binary, Call, FieldName, Negative, Node, Number, Text, children
from sandbox.airtable.formula.values import EvaluationError, number, tidy, truthy
from sandbox.airtable.schema import Field, Record, Table

Evaluate = Callable[[Record], Any]


@dataclass(frozen=True)
class Compiled:
    """`evaluate` gives a value, usually of that kind, or raises EvaluationError.

    `volatile`: the result changes with time. `uses` are the fields it reads itself.
    """

    kind: Kind
    evaluate: Evaluate
    volatile: bool = False
    uses: tuple[Field, ...] = ()

    def includes(self, record: Record) -> bool:
        """Whether a record passes this formula as a filter: not for 0, "", NaN, blanks, empty lists and errors."""
        try:
            return truthy(self.evaluate(record))
        except EvaluationError:
            return False


@dataclass(frozen=True)
class _Part:
    """`field_id` when it is nothing but a field."""

    kind: Kind
    evaluate: Evaluate
    field_id: str | None = None


def compile_formula(node: Node, table: Table) -> Compiled:
    """Field names count in any case."""
    fields = {field.name.casefold(): field for field in table.fields.values()}
    used = {name: fields[name.casefold()] for name in field_names(node) if name.casefold() in fields}
    parts = {name: _Part(field.type.kind(field), partial(_operand, field), field.id) for name, field in used.items()}
    return _compiled(node, table, parts, tuple(dict.fromkeys(used.values())))


def compile_rollup(node: Node, table: Table, values: Evaluate) -> Compiled:
    """A formula over `values`, the list of what the linked records have; it cannot name fields."""
    names = [name for name in field_names(node) if name.lower() == "values"]
    return _compiled(node, table, {name: _Part(Kind.LIST, values) for name in names}, ())


def _compiled(node: Node, table: Table, names: Mapping[str, _Part], uses: tuple[Field, ...]) -> Compiled:
    if unknown := [name for name in field_names(node) if name not in names]:
        raise errors.unknown_fields(unknown)
    calls = dict.fromkeys(part.name for part in _walk(node) if isinstance(part, Call))
    if unknown := [name for name in calls if name not in FUNCTIONS]:
        raise errors.unknown_functions(unknown)
    part = _compile(node, table, names)
    return Compiled(part.kind, part.evaluate, any(FUNCTIONS[name].volatile for name in calls), uses)


def field_names(node: Node) -> list[str]:
    """As written, each once."""
    return list(dict.fromkeys(part.name for part in _walk(node) if isinstance(part, FieldName)))


def _walk(node: Node) -> Iterator[Node]:
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(children(current)))


def _operand(field: Field, record: Record) -> Any:
    value = field.value(record)
    return None if value is None else field.type.operand(value, field)


def _compile(node: Node, table: Table, names: Mapping[str, _Part]) -> _Part:
    match node:
        case Number():
            return _constant(Kind.NUMBER, _number(node.text))
        case Text():
            return _constant(Kind.TEXT, node.value)
        case FieldName():
            return names[node.name]
        case Negative():
            operand = _compile(node.operand, table, names).evaluate
            return _Part(Kind.NUMBER, lambda record: tidy(-number(operand(record))))
        case Call():
            return _call(node, table, names)
        case Binary():
            operation = OPERATIONS[node.operator]
            left = _compile(node.left, table, names).evaluate
            right = _compile(node.right, table, names).evaluate
            kind = Kind.TEXT if node.operator == "&" else Kind.NUMBER
            return _Part(kind, lambda record: operation(left(record), right(record)))


def _call(node: Call, table: Table, names: Mapping[str, _Part]) -> _Part:
    function = FUNCTIONS[node.name]
    count = len(node.arguments)
    if count < function.least or (function.most is not None and count > function.most):
        raise errors.syntax()
    ids = _record_ids(node)
    if ids is not None:
        return _Part(Kind.NUMBER, lambda record: int(record.id in ids))
    parts = [_compile(argument, table, names) for argument in node.arguments]
    kind = function.kind if isinstance(function.kind, Kind) else function.kind([part.kind for part in parts])
    evaluates, call = [part.evaluate for part in parts], function.call
    match function.takes:
        case Takes.PARTS:
            return _Part(kind, lambda record: call(*[partial(evaluate, record) for evaluate in evaluates]))
        case Takes.RECORD:
            return _Part(kind, lambda record: call(record, table, *[evaluate(record) for evaluate in evaluates]))
        case Takes.FIELDS:
            named = [part.field_id for part in parts if part.field_id is not None]
            if len(named) != count:
                raise errors.syntax()
            return _Part(kind, lambda record: call(record, *named))
    return _Part(kind, lambda record: call(*[evaluate(record) for evaluate in evaluates]))


def _record_ids(node: Call) -> frozenset[str] | None:
    """The ids of `OR(RECORD_ID()='rec…', …)`, which clients send with hundreds of ids."""
    ids = []
    for argument in node.arguments:
        match argument:
            case Binary("=", Call("RECORD_ID", ()), Text(value)) if node.name == "OR" and value:
                ids.append(value)
            case _:
                return None
    return frozenset(ids) if node.name == "OR" else None


def _constant(kind: Kind, value: Any) -> _Part:
    return _Part(kind, lambda record: value)


def _number(text: str) -> float | int:
    return tidy(float(text) if "." in text or len(text) > 15 else int(text))
