"""Syntax tree to text: parsing the text gives the same tree again."""

from __future__ import annotations

import re
from collections.abc import Callable

from sandbox.airtable.formula.nodes import Binary, Call, FieldName, Negative, Node, Number, Text

_STRENGTH = {"&": 2, "+": 3, "-": 3, "*": 4, "/": 4}


def print_formula(node: Node, rename: Callable[[str], str] = str) -> str:
    """`rename` maps each field's name, e.g. to its id as the metadata API shows formulas."""
    match node:
        case Number():
            return node.text
        case Text():
            return f'"{_escaped(node.value)}"'
        case FieldName():
            return "{" + re.sub(r"([}\\])", r"\\\1", rename(node.name)) + "}"
        case Call():
            return f"{node.name}({', '.join(print_formula(part, rename) for part in node.arguments)})"
        case Negative():
            return f"-{_wrapped(node.operand, 5, rename)}"
        case Binary():
            strength = _strength(node)
            left, right = _wrapped(node.left, strength, rename), _wrapped(node.right, strength + 1, rename)
            return f"{left} {node.operator} {right}"


def _wrapped(node: Node, at_least: int, rename: Callable[[str], str]) -> str:
    text = print_formula(node, rename)
    return text if _strength(node) >= at_least else f"({text})"


def _strength(node: Node) -> int:
    if isinstance(node, Binary):
        return _STRENGTH.get(node.operator, 1)
    return 5 if isinstance(node, Negative) else 6


def _escaped(value: str) -> str:
    text = value.replace("\\", "\\\\").replace('"', '\\"')
    return text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
