"""Text to syntax tree. The grammar is in `formula.lark`."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sandbox.airtable.formula import errors
from sandbox.airtable.formula.functions import CONSTANTS
from sandbox.airtable.formula.nodes import Binary, Call, FieldName, Negative, Node, Number, Text

if TYPE_CHECKING:
    from lark import Lark

MAX_DEPTH = 200
MAX_LENGTH = 100_000
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_CONTROL = {"n": "\n", "r": "\r", "t": "\t"}


@functools.lru_cache(maxsize=64)
def parse(text: str) -> Node:
    """The tree of a formula. Raises FormulaError in Airtable's words when it is not one."""
    from lark.exceptions import UnexpectedInput, VisitError

    if len(text) > MAX_LENGTH:
        raise errors.syntax()
    try:
        return cast(Node, _grammar().parse(text))
    except (UnexpectedInput, VisitError):
        raise errors.syntax() from None


@functools.cache
def _grammar() -> Lark:
    """Built at the first formula: the library is not part of the start of the process."""
    from lark import Lark, Token, Transformer, v_args
    from lark.exceptions import UnexpectedInput

    def bounded(node: Binary | Call | Negative) -> Node:
        if node.depth > MAX_DEPTH:
            raise UnexpectedInput("nested too deeply")
        return node

    @v_args(inline=True)
    class Build(Transformer):  # type: ignore[type-arg]
        def number(self, token: Token) -> Node:
            return Number(str(token))

        def text(self, token: Token) -> Node:
            return Text(_ESCAPE.sub(lambda match: _CONTROL.get(match[1], match[1]), token[1:-1]))

        def field(self, token: Token) -> Node:
            return FieldName(_ESCAPE.sub(r"\1", token[1:-1]))

        def word(self, token: Token) -> Node:
            name = token.upper()
            return Call(name, ()) if name in CONSTANTS else FieldName(str(token))

        def arguments(self, *nodes: Node) -> tuple[Node, ...]:
            return nodes

        def call(self, token: Token, nodes: tuple[Node, ...] | None) -> Node:
            depth = 1 + max((node.depth for node in nodes or ()), default=0)
            return bounded(Call(token.upper(), nodes or (), depth))

        def binary(self, left: Node, operator: Token, right: Node) -> Node:
            return bounded(Binary(str(operator), left, right, 1 + max(left.depth, right.depth)))

        def concatenation(self, left: Node, right: Node) -> Node:
            return bounded(Binary("&", left, right, 1 + max(left.depth, right.depth)))

        def negative(self, operand: Node) -> Node:
            return bounded(Negative(operand, 1 + operand.depth))

    grammar = Path(__file__).with_name("formula.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", transformer=Build(), maybe_placeholders=True)
