"""A schema without its ids: things are called by their names, and what only concerns their look is left out."""

import re
from collections.abc import Sequence
from typing import Any

from contracts.airtable_connector import Table, TableField
from contracts.schema_service import OutlinedField, OutlinedTable

_LOOK = {"color", "icon"}
_IN_FORMULA = re.compile(r"\{(fld[A-Za-z0-9]{14})\}")
_UNSAYABLE = re.compile(r"[{}\\]")


def outline(tables: Sequence[Table]) -> list[OutlinedTable]:
    """The primary field first, the others in their order."""
    names = {table.id: table.name for table in tables}
    names |= {field.id: field.name for table in tables for field in table.fields}
    names |= {view.id: view.name for table in tables for view in table.views}
    return [
        OutlinedTable(
            name=table.name,
            description=table.description,
            fields=[
                _field(field, names) for field in sorted(table.fields, key=lambda f: f.id != table.primary_field_id)
            ],
        )
        for table in tables
    ]


def _field(field: TableField, names: dict[str, str]) -> OutlinedField:
    options = _options(field.type, field.options or {}, names)
    return OutlinedField(name=field.name, type=field.type, description=field.description, options=options)


def _options(type_: str, options: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """As Airtable has them, except that ids are names, that what follows from the rest is left out, and that links and
    what is along them say `table`, `inverse`, `single`, `link` and `field`."""
    plain = {key: value for key, value in options.items() if key not in _LOOK and not _unsaid(key, value)}
    if "choices" in plain:
        plain["choices"] = [choice["name"] for choice in plain["choices"]]
    if isinstance(result := plain.get("result"), dict):
        plain["result"] = _result(result, names)
    match type_:
        case "multipleRecordLinks":
            _rename(plain, table="linkedTableId", inverse="inverseLinkFieldId", single="prefersSingleRecordLink")
            if plain.get("isReversed") is False:
                del plain["isReversed"]
        case "count" | "rollup" | "multipleLookupValues":
            _rename(plain, link="recordLinkFieldId", field="fieldIdInLinkedTable")
            plain.pop("referencedFieldIds", None)
        case "formula":
            plain["formula"] = _IN_FORMULA.sub(lambda found: _named(found, names), plain.get("formula", ""))
            plain.pop("referencedFieldIds", None)
    named: dict[str, Any] = _with_names(plain, names)
    return named


def _unsaid(key: str, value: Any) -> bool:
    return value is None or (key, value) == ("isValid", True)


def _result(result: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    options = _options(result["type"], result.get("options") or {}, names)
    return {"type": result["type"], **({"options": options} if options else {})}


def _rename(plain: dict[str, Any], **called: str) -> None:
    for new, old in called.items():
        if old in plain:
            plain[new] = plain.pop(old)


def _with_names(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _with_names(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [_with_names(one, names) for one in value]
    return names.get(value, value) if isinstance(value, str) else value


def _named(found: re.Match[str], names: dict[str, str]) -> str:
    name = names.get(found[1], found[1])
    return found[0] if _UNSAYABLE.search(name) else f"{{{name}}}"
