"""From an outline to the slim view."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from apps.schema_service.domain.slim import implied
from apps.schema_service.domain.slim.outline import outline
from apps.schema_service.domain.slim.words import word_of
from contracts.airtable_connector import Table
from contracts.schema_service import OutlinedField, OutlinedTable

PLAIN = re.compile(r"[^\W_](?:[\w &'()%+?!,-]*[\w)%+?!])?")


def slim(tables: Sequence[Table]) -> str:
    outlined = outline(tables)
    return "\n".join(line for table in outlined for line in _table(table, outlined))


def _table(table: OutlinedTable, tables: Sequence[OutlinedTable]) -> Iterator[str]:
    yield f"# {_name(table.name)}"
    yield from _described(table.description)
    for field in table.fields:
        short = _short(field, table, tables)
        yield _name(field.name) + (_long(field) if short is None else short)
        yield from _described(field.description)


def _described(text: str | None) -> Iterator[str]:
    if text:
        plain = text.isprintable() and text.strip() == text and not text.startswith('"')
        yield f"// {text if plain else _json(text)}"


def _short(field: OutlinedField, table: OutlinedTable, tables: Sequence[OutlinedTable]) -> str | None:
    """What follows the name; None when nothing short says the same."""
    options = field.options
    match field.type:
        case "singleLineText":
            return None if options else ""
        case "singleSelect" | "multipleSelects" if set(options) == {"choices"}:
            return ("=" if field.type == "singleSelect" else "[]=") + "|".join(map(_name, options["choices"]))
        case "multipleRecordLinks" if set(options) <= {"table", "inverse", "single"} and "table" in options:
            return _link(field, table, tables)
        case "count" if set(options) == {"link"}:
            return f"#{_name(options['link'])}"
        case "multipleLookupValues" if set(options) == {"link", "field", "result"}:
            usual = implied.looked_up(tables, table.name, options)
            said = _given(options["result"], usual)
            along = "" if options["field"] == field.name else f".{_name(options['field'])}"
            return f"{said}<{_name(options['link'])}{along}"
        case "rollup" if set(options) == {"link", "field", "result"}:
            said = _given(options["result"], implied.ROLLUP)
            return f"{said}~{_name(options['link'])}.{_name(options['field'])}"
        case "formula" if set(options) == {"formula", "result"} and options["formula"].isprintable():
            return f"{_given(options['result'], implied.FORMULA)}:={options['formula']}"
    word = word_of(field.type, options)
    return None if word is None else f":{word}"


def _link(field: OutlinedField, table: OutlinedTable, tables: Sequence[OutlinedTable]) -> str | None:
    options = field.options
    if "single" not in options:
        return None
    there, inverse = options["table"], options.get("inverse")
    said = ">>" if options["single"] else ">"
    usual = implied.inverse(tables, table.name, there)
    back = "" if inverse == usual else f".{_name(inverse) if inverse else ''}"
    return said + ("" if there == field.name else _name(there)) + back


def _given(result: dict[str, Any], usual: dict[str, Any] | None) -> str:
    """What a formula gives, unless it is the usual."""
    if result == usual:
        return ""
    word = word_of(result["type"], result.get("options", {}))
    return f":{word or _json(result)}"


def _long(field: OutlinedField) -> str:
    return f":{field.type}{_json(field.options)}"


def _name(name: str) -> str:
    return name if PLAIN.fullmatch(name) else _json(name)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
