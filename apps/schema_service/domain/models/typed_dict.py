"""TypedDicts: records as plain JSON, for who checks types but validates nothing."""

from collections.abc import Iterator, Sequence

from apps.schema_service.domain.models.cells import Cell, cell_of
from apps.schema_service.domain.models.naming import PYTHON, pascal, quoted, unique
from contracts.airtable_connector import Table

_BEGINNING = '''"""The tables of {base}, version {version} of its schema, as records of JSON. Generated: do not edit.

For a table Deals: `DealsRecord` is what Airtable answers, `DealsFields` its cells (an empty one is absent),
`DealsWritable` what may be written (None empties a cell).
"""

from typing import Any, Literal, TypedDict


class Collaborator(TypedDict, total=False):
    id: str
    email: str
    name: str


class Attachment(TypedDict, total=False):
    id: str
    url: str
    filename: str
    size: int
    type: str
    width: int
    height: int
    thumbnails: dict[str, Any]


class Barcode(TypedDict, total=False):
    text: str
    type: str


class Button(TypedDict):
    label: str
    url: str | None


class AiText(TypedDict):
    state: str
    isStale: bool
    value: str | None


class Failure(TypedDict, total=False):
    """What stands where a formula has no result."""

    error: str
    specialValue: str

'''
_HELD = frozenset({
    *PYTHON, "AiText", "Any", "Attachment", "Barcode", "Button", "Collaborator", "Failure", "Literal", "TypedDict",
})  # fmt: skip
_TYPES = {
    "ai": "AiText", "any": "Any", "barcode": "Barcode", "boolean": "bool", "button": "Button", "date": "str",
    "file": "Attachment", "integer": "int", "link": "str", "moment": "str", "number": "float", "person": "Collaborator",
    "text": "str",
}  # fmt: skip


def generate(base: str, version: int, tables: Sequence[Table]) -> str:
    stems = unique(((table.id, table.name) for table in tables), pascal)
    parts = [_BEGINNING.format(base=base, version=version)]
    parts += ["\n".join(_table(stems[table.id], table)) for table in tables]
    return "\n".join(parts)


def _table(stem: str, table: Table) -> Iterator[str]:
    cells = [(field, cell_of(field)) for field in table.fields]
    yield f"{stem}Fields = TypedDict("
    yield f"    {quoted(f'{stem}Fields')},"
    yield "    {"
    yield from (f"        {quoted(field.name)}: {annotation(cell)},  # {field.id}" for field, cell in cells)
    yield "    },"
    yield "    total=False,"
    yield ")"
    yield f"{stem}Writable = TypedDict("
    yield f"    {quoted(f'{stem}Writable')},"
    yield "    {"
    for field, cell in cells:
        if not cell.computed:
            yield f"        {quoted(field.name)}: {annotation(cell)} | None,"
    yield "    },"
    yield "    total=False,"
    yield ")"
    yield ""
    yield ""
    yield f"class {stem}Record(TypedDict):"
    yield f"    {quoted(f'{table.name} ({table.id})')}"
    yield ""
    yield "    id: str"
    yield "    createdTime: str"
    yield f"    fields: {stem}Fields"
    yield ""


def annotation(cell: Cell) -> str:
    held = f"Literal[{', '.join(map(quoted, cell.choices))}]" if cell.kind == "choice" else _TYPES[cell.kind]
    if held != "Any":
        held += " | Failure" if cell.failing else ""
        held += " | None" if cell.gaps else ""
    return f"list[{held}]" if cell.many else held
