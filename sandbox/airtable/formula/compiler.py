"""Syntax tree to a function of a record. Names and kinds of operands are settled here, before any record.

`FormulaError` is raised for unknown names first, then for what is not evaluated yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.airtable.fields.base import Kind
from sandbox.airtable.formula import errors
from sandbox.airtable.formula.comparison import comparison
from sandbox.airtable.formula.functions import FUNCTIONS
from sandbox.airtable.formula.nodes import Binary, Call, FieldName, Negative, Node, Number, Text, children
from sandbox.airtable.schema import Field, Record, Table


@dataclass(frozen=True)
class Compiled:
    """`evaluate` gives an operand of that kind, None for a blank one."""

    kind: Kind
    evaluate: Callable[[Record], Any]

    def includes(self, record: Record) -> bool:
        """Whether a record passes this formula as a filter: not for 0, "", blank and empty lists."""
        return bool(self.evaluate(record))


def compile_formula(node: Node, table: Table) -> Compiled:
    fields = {field.name.casefold(): field for field in table.fields.values()}
    nodes = list(_walk(node))
    names = dict.fromkeys(part.name for part in nodes if isinstance(part, FieldName))
    if unknown := [name for name in names if name.casefold() not in fields]:
        raise errors.unknown_fields(unknown)
    calls = dict.fromkeys(part.name for part in nodes if isinstance(part, Call))
    if unknown := [name for name in calls if name not in FUNCTIONS]:
        raise errors.unknown_functions(unknown)
    return _compile(node, fields)


def _walk(node: Node) -> Iterator[Node]:
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(children(current)))


def _compile(node: Node, fields: dict[str, Field]) -> Compiled:
    match node:
        case Number():
            return _constant(Kind.NUMBER, _number(node.text))
        case Text():
            return _constant(Kind.TEXT, node.value)
        case FieldName():
            return _field(fields[node.name.casefold()])
        case Negative(Number(text)):
            return _constant(Kind.NUMBER, -_number(text))
        case Negative():
            raise errors.unsupported("The sign -")
        case Call():
            return _call(node, fields)
        case Binary(operator="=" | "!=" | "<" | "<=" | ">" | ">="):
            left, right = _compile(node.left, fields), _compile(node.right, fields)
            compare = comparison(node.operator, left.kind, right.kind, _is_blank(node.left), _is_blank(node.right))
            a, b = left.evaluate, right.evaluate
            return Compiled(Kind.NUMBER, lambda record: int(compare(a(record), b(record))))
        case Binary():
            raise errors.unsupported(f"The operator {node.operator}")


def _call(node: Call, fields: dict[str, Field]) -> Compiled:
    expected = {"NOT": 1, "TRUE": 0, "FALSE": 0, "BLANK": 0, "RECORD_ID": 0}.get(node.name)
    if expected is not None and len(node.arguments) != expected:
        raise errors.syntax()
    match node.name:
        case "TRUE":
            return _constant(Kind.NUMBER, 1)
        case "FALSE":
            return _constant(Kind.NUMBER, 0)
        case "BLANK":
            return _constant(Kind.BLANK, None)
        case "RECORD_ID":
            return Compiled(Kind.TEXT, lambda record: record.id)
        case "AND" | "OR" | "NOT" if node.arguments:
            return _logic(node, fields)
        case "AND" | "OR":
            raise errors.syntax()
    raise errors.unsupported(f"The function {node.name}")


def _logic(node: Call, fields: dict[str, Field]) -> Compiled:
    ids = _record_ids(node)
    if ids is not None:
        return Compiled(Kind.NUMBER, lambda record: int(record.id in ids))
    parts = [_compile(argument, fields).evaluate for argument in node.arguments]
    if node.name == "AND":
        return Compiled(Kind.NUMBER, lambda record: int(all(part(record) for part in parts)))
    if node.name == "OR":
        return Compiled(Kind.NUMBER, lambda record: int(any(part(record) for part in parts)))
    return Compiled(Kind.NUMBER, lambda record: int(not parts[0](record)))


def _record_ids(node: Call) -> frozenset[str] | None:
    """The ids of `OR(RECORD_ID()='rec…', …)`, which clients send with hundreds of ids."""
    ids = []
    for argument in node.arguments:
        match argument:
            case Binary("=", Call("RECORD_ID", ()), Text(value)) if node.name == "OR":
                ids.append(value)
            case _:
                return None
    return frozenset(ids)


def _constant(kind: Kind, value: Any) -> Compiled:
    return Compiled(kind, lambda record: value)


def _field(field: Field) -> Compiled:
    def evaluate(record: Record) -> Any:
        value = field.value(record)
        return None if value is None else field.type.operand(value, field)

    return Compiled(field.type.kind(field), evaluate)


def _is_blank(node: Node) -> bool:
    return isinstance(node, Text) and node.value == ""


def _number(text: str) -> float | int:
    return float(text) if "." in text or len(text) > 15 else int(text)
