"""Filters as formulas and back: `parse(render(filter)) == filter`. What a caller wrote stays within its quotes."""

import re
from collections.abc import Mapping
from decimal import Decimal

from pydantic import ValidationError

from apps.airtable_connector.domain import formulas
from apps.airtable_connector.domain.errors import AirtableInvalidFilter
from chassis import FieldError
from contracts.airtable_connector.filters import FILTER, And, Contains, Filter, IsRecord, Moment, Not, Or

_OPERATORS = {"eq": "=", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_MOMENTS = {"before": "IS_BEFORE", "after": "IS_AFTER"}
_TOKEN = re.compile(
    r"(?P<text>'(?:[^'\\]|\\.)*')|\{(?P<field>(?:[^}\\]|\\.)*)\}|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<word>[A-Z_]+)\(|(?P<sign>!=|<=|>=|[=<>(),])",
    re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_FIELD_ID = re.compile(
    r"('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")|\{(fld[A-Za-z0-9]{14})\}|\{(?:[^}\\]|\\.)*\}|\b(fld[A-Za-z0-9]{14})\b",
    re.DOTALL,
)


def formula_of(asked: str) -> str:
    """The formula itself, or what a filter given as JSON says. Raises AirtableInvalidFilter."""
    if not re.match(r'\s*\{\s*"', asked):
        return asked
    try:
        return render(FILTER.validate_json(asked))
    except ValidationError as wrong:
        errors = [
            FieldError(".".join(["filter", *map(str, one["loc"])]), one["msg"], "query") for one in wrong.errors()
        ]
        raise AirtableInvalidFilter(
            "The filter is neither a formula nor one of ours as JSON.", errors=errors
        ) from wrong


def render(one: Filter) -> str:
    match one:
        case And():
            return f"AND({','.join(map(render, one.and_))})"
        case Or():
            return f"OR({','.join(map(render, one.or_))})"
        case Not():
            return f"NOT({render(one.not_)})"
        case IsRecord():
            return f"RECORD_ID()={formulas.literal(one.record)}"
        case Contains():
            return f"FIND({formulas.literal(one.value)},{formulas.field(one.field)})>0"
        case Moment():
            return f"{_MOMENTS[one.op]}({formulas.field(one.field)},DATETIME_PARSE({formulas.literal(one.value)}))"
    return f"{formulas.field(one.field)}{_OPERATORS[one.op]}{_literal(one.value)}"


def parse(formula: str) -> Filter:
    """What `render` made. Raises ValueError for any other formula."""
    reader = _Reader(formula)
    found = reader.filter()
    if reader.left:
        raise ValueError(f"unexpected {reader.left[0]}")
    return found


def with_names(formula: str, names: Mapping[str, str]) -> str:
    """Field ids outside of texts as the fields' names: Airtable's formulas know no ids."""

    def named(found: re.Match[str]) -> str:
        name = names.get(found[2] or found[3] or "")
        return formulas.field(name) if name is not None else found[0]

    return _FIELD_ID.sub(named, formula)


def _literal(value: bool | int | float | str | None) -> str:
    if isinstance(value, float):  # without an exponent, which formulas do not know
        plain = format(Decimal(repr(value)), "f")
        return plain if "." in plain else f"{plain}.0"
    return str(formulas.literal(value))


class _Reader:
    def __init__(self, formula: str) -> None:
        self.left: list[tuple[str, str]] = []
        at = 0
        while at < len(formula):
            found = _TOKEN.match(formula, at)
            if found is None:
                raise ValueError(f"unexpected {formula[at : at + 20]!r}")
            kind = str(found.lastgroup)
            self.left.append((kind, found[kind]))
            at = found.end()

    def filter(self) -> Filter:
        kind, told = self._next()
        if kind == "field":
            operator = self._next()[1]
            op = next((name for name, sign in _OPERATORS.items() if sign == operator), None)
            return FILTER.validate_python({"field": _unescaped(told), "op": op, "value": self._value()})
        if kind != "word":
            raise ValueError(f"unexpected {told}")
        match told:
            case "AND" | "OR":
                items = [self.filter()]
                while self._next()[1] == ",":
                    items.append(self.filter())
                return And(**{"and": items}) if told == "AND" else Or(**{"or": items})
            case "NOT":
                inner = self.filter()
                self._expect(")")
                return Not(**{"not": inner})
            case "RECORD_ID":
                self._expect(")", "=")
                return IsRecord(record=self._text())
            case "FIND":
                value = self._text()
                self._expect(",")
                field = _unescaped(self._next()[1])
                self._expect(")", ">", "0")
                return Contains(field=field, op="contains", value=value)
            case "IS_BEFORE" | "IS_AFTER":
                field = _unescaped(self._next()[1])
                self._expect(",", "DATETIME_PARSE")
                value = self._text()
                self._expect(")", ")")
                return Moment(field=field, op="before" if told == "IS_BEFORE" else "after", value=value)
        raise ValueError(f"unexpected {told}")

    def _value(self) -> bool | int | float | str | None:
        kind, told = self._next()
        if kind == "text":
            return _unescaped(told[1:-1])
        if kind == "number":
            return float(told) if "." in told else int(told)
        self._expect(")")
        return {"TRUE": True, "FALSE": False, "BLANK": None}[told]

    def _text(self) -> str:
        return _unescaped(self._next()[1][1:-1])

    def _expect(self, *signs: str) -> None:
        for sign in signs:
            if self._next()[1] != sign:
                raise ValueError(f"{sign} is missing")

    def _next(self) -> tuple[str, str]:
        if not self.left:
            raise ValueError("the formula ends too early")
        return self.left.pop(0)


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: {"n": "\n", "r": "\r", "t": "\t"}.get(found[1], found[1]), text)
