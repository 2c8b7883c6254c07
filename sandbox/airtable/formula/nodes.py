"""The syntax tree of a formula. `depth` bounds how far anything that walks the tree has to recurse."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Number:
    text: str
    depth: int = field(default=1, compare=False)


@dataclass(frozen=True)
class Text:
    value: str
    depth: int = field(default=1, compare=False)


@dataclass(frozen=True)
class FieldName:
    name: str
    depth: int = field(default=1, compare=False)


@dataclass(frozen=True)
class Call:
    """`name` in upper case."""

    name: str
    arguments: tuple[Node, ...]
    depth: int = field(default=1, compare=False)


@dataclass(frozen=True)
class Binary:
    operator: str
    left: Node
    right: Node
    depth: int = field(default=1, compare=False)


@dataclass(frozen=True)
class Negative:
    operand: Node
    depth: int = field(default=1, compare=False)


Node = Number | Text | FieldName | Call | Binary | Negative


def children(node: Node) -> tuple[Node, ...]:
    match node:
        case Call():
            return node.arguments
        case Binary():
            return (node.left, node.right)
        case Negative():
            return (node.operand,)
    return ()
