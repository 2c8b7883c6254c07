"""TypeScript: types that airtable.js takes (`base<DealsFields>("Deals")`) and that any JSON of records has."""

from collections.abc import Iterator, Sequence

from apps.schema_service.domain.models.cells import Cell, cell_of
from apps.schema_service.domain.models.naming import pascal, quoted, unique
from contracts.airtable_connector import Table

_BEGINNING = """// The tables of {base}, version {version} of its schema. Generated: do not edit.
//
// For a table Deals: DealsRecord is what Airtable answers, DealsFields its cells (an empty one is absent),
// DealsWritable what may be written (null empties a cell).

export type Collaborator = {{ id?: string; email?: string; name?: string }};
export type Attachment = {{
  id?: string; url?: string; filename?: string; size?: number; type?: string; width?: number; height?: number;
  thumbnails?: {{ [size: string]: {{ url: string; width: number; height: number }} }};
}};
export type Barcode = {{ text?: string; type?: string | null }};
export type Button = {{ label: string; url: string | null }};
export type AiText = {{ state: string; isStale: boolean; value: string | null; errorType?: string }};
/** What stands where a formula has no result. */
export type Failure = {{ error: string }} | {{ specialValue: string }};
"""
_TYPES = {
    "ai": "AiText", "any": "unknown", "barcode": "Barcode", "boolean": "boolean", "button": "Button", "date": "string",
    "file": "Attachment", "integer": "number", "link": "string", "moment": "string", "number": "number",
    "person": "Collaborator", "text": "string",
}  # fmt: skip


def generate(base: str, version: int, tables: Sequence[Table]) -> str:
    stems = unique(((table.id, table.name) for table in tables), pascal)
    parts = [_BEGINNING.format(base=base, version=version)]
    parts += ["\n".join(_table(stems[table.id], table)) for table in tables]
    parts.append("\n".join(_index(tables, stems)))
    return "\n".join(parts)


def _table(stem: str, table: Table) -> Iterator[str]:
    cells = [(field, cell_of(field)) for field in table.fields]
    yield f"/** {_comment(table.name, table.id, table.description)} */"
    yield f"export type {stem}Fields = {{"
    for field, cell in cells:
        yield f"  /** {_comment(field.type, field.id, field.description)} */"
        yield f"  {quoted(field.name)}?: {_type(cell)};"
    yield "};"
    yield f"export type {stem}Writable = {{"
    yield from (f"  {quoted(field.name)}?: {_type(cell)} | null;" for field, cell in cells if not cell.computed)
    yield "};"
    yield f"export type {stem}Record = {{ id: string; createdTime: string; fields: {stem}Fields }};"
    yield ""


def _index(tables: Sequence[Table], stems: dict[str, str]) -> Iterator[str]:
    """By the tables' real names, so that a function can take any of them."""
    yield "export type Records = {"
    yield from (f"  {quoted(table.name)}: {stems[table.id]}Record;" for table in tables)
    yield "};"
    yield ""


def _type(cell: Cell) -> str:
    held = " | ".join(map(quoted, cell.choices)) if cell.kind == "choice" else _TYPES[cell.kind]
    if held != "unknown":
        held += " | Failure" if cell.failing else ""
        held += " | null" if cell.gaps else ""
    return f"ReadonlyArray<{held}>" if cell.many else held


def _comment(first: str, key: str, description: str | None) -> str:
    text = f"{first} ({key})" + (f": {description}" if description else "")
    return " ".join(text.split()).replace("*/", "*\\/")
