"""From the slim view back to an outline. What a language model wrote is read here too, so every mistake has a line."""

import json
from collections.abc import Sequence
from typing import Any

from apps.schema_service.domain.slim import implied
from apps.schema_service.domain.slim.words import meaning_of
from apps.schema_service.domain.slim.writing import PLAIN
from chassis import AppError
from contracts.schema_service import OutlinedField, OutlinedTable

_OPERATORS = ("[]=", ":=", ">>", ">", "=", "#", "<", "~")


class NotSlim(AppError):
    code, status, title, fault = "schema.not-slim", 422, "That is no slim view of a schema", "client"


def expand(text: str) -> list[OutlinedTable]:
    """The tables that `text` tells. Raises NotSlim, with the number of the line."""
    tables: list[OutlinedTable] = []
    for number, line in enumerate(text.split("\n"), start=1):  # a name may hold other ends of lines
        try:
            _line(line.rstrip("\r"), tables)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise NotSlim(f"Line {number}, `{line[:80]}`: {error}.") from None
    _complete(tables)
    return tables


def _line(line: str, tables: list[OutlinedTable]) -> None:
    if line.startswith("# "):
        name, rest = _name(line[2:])
        _nothing(rest)
        tables.append(OutlinedTable(name=name, fields=[]))
    elif line.startswith("// ") and tables:
        said = line[3:]
        about = tables[-1].fields[-1] if tables[-1].fields else tables[-1]
        about.description = json.loads(said) if said.startswith('"') else said
    elif tables:
        tables[-1].fields.append(_field(line))
    elif line.strip():
        raise ValueError("a table begins with `# ` and its name")


def _field(line: str) -> OutlinedField:
    name, rest = _name(line)
    type_, options, rest = _spec(rest)
    operator = next((one for one in _OPERATORS if rest.startswith(one)), "")
    rest = rest[len(operator) :]
    given = {"type": type_, **({"options": options} if options else {})} if type_ else None
    match operator:
        case "=" | "[]=":
            return _made(name, "singleSelect" if operator == "=" else "multipleSelects", {"choices": _choices(rest)})
        case ">" | ">>":
            return _made(name, "multipleRecordLinks", _link(rest, name, single=operator == ">>"))
        case "#":
            link, rest = _name(rest)
            _nothing(rest)
            return _made(name, "count", {"link": link})
        case "<":
            link, field = _path(rest)
            return _made(name, "multipleLookupValues", {"link": link, "field": field or name, "result": given})
        case "~":
            link, field = _path(rest)
            return _made(name, "rollup", {"link": link, "field": field or name, "result": given or implied.ROLLUP})
        case ":=":
            return _made(name, "formula", {"formula": rest, "result": given or implied.FORMULA})
    _nothing(rest)
    return _made(name, type_ or "singleLineText", options)


def _spec(rest: str) -> tuple[str | None, dict[str, Any], str]:
    """(type, options, what follows) of `:word`, `:type{…}` or `:{…}`; no type when nothing is said."""
    if not rest.startswith(":") or rest.startswith(":="):
        return None, {}, rest
    rest = rest[1:]
    if rest.startswith("{"):
        result, end = json.JSONDecoder().raw_decode(rest)
        return str(result["type"]), dict(result.get("options", {})), rest[end:]
    at = next((at for at, sign in enumerate(rest) if sign in "{<~" or rest.startswith(":=", at)), len(rest))
    word, rest = rest[:at], rest[at:]
    if rest.startswith("{"):
        options, end = json.JSONDecoder().raw_decode(rest)
        return word, dict(options), rest[end:]
    meaning = meaning_of(word)
    if meaning is None:
        raise ValueError(f"no type is called {word}")
    return *meaning, rest


def _link(rest: str, name: str, *, single: bool) -> dict[str, Any]:
    """Without a dot, the inverse is the one that is implied; `_complete` finds it."""
    table = name
    if rest and not rest.startswith("."):
        table, rest = _name(rest)
    options: dict[str, Any] = {"table": table, "single": single}
    if rest == "":
        options["inverse"] = ...
    elif rest != ".":
        options["inverse"], rest = _name(rest[1:])
        _nothing(rest)
    return options


def _complete(tables: Sequence[OutlinedTable]) -> None:
    for table in tables:
        for field in table.fields:
            options = field.options
            if options.get("inverse") is ...:
                options.pop("inverse")
                if usual := implied.inverse(tables, table.name, options["table"]):
                    options["inverse"] = usual
    for table in tables:
        for field in table.fields:
            if field.type == "multipleLookupValues" and field.options.get("result", "said") is None:
                if found := implied.looked_up(tables, table.name, field.options):
                    field.options["result"] = found
                else:
                    del field.options["result"]


def _path(rest: str) -> tuple[str, str | None]:
    link, rest = _name(rest)
    if not rest:
        return link, None
    if not rest.startswith("."):
        raise ValueError("a link, a dot and a field are needed")
    field, rest = _name(rest[1:])
    _nothing(rest)
    return link, field


def _choices(rest: str) -> list[str]:
    names = []
    while rest:
        name, rest = _name(rest)
        names.append(name)
        if rest and not rest.startswith("|"):
            raise ValueError("choices are separated by `|`")
        rest = rest[1:]
    return names


def _name(text: str) -> tuple[str, str]:
    """The name at the beginning, and what follows it."""
    if text.startswith('"'):
        name, end = json.JSONDecoder().raw_decode(text)
        return str(name), text[end:]
    found = PLAIN.match(text)
    if found is None:
        raise ValueError("a name is needed, in quotes when it has signs in it")
    return found[0], text[found.end() :]


def _nothing(rest: str) -> None:
    if rest:
        raise ValueError(f"`{rest[:40]}` is not understood")


def _made(name: str, type_: str, options: dict[str, Any]) -> OutlinedField:
    return OutlinedField(name=name, type=type_, options=options)
