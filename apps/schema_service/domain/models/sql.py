"""SQL for PostgreSQL: a table each, links as tables between them, and whatever else PostgreSQL can hold to."""

from collections.abc import Iterator, Sequence

from apps.schema_service.domain.models.cells import Cell, cell_of
from apps.schema_service.domain.models.naming import snake, unique
from contracts.airtable_connector import Table, TableField

LONGEST = 63  # bytes PostgreSQL keeps of a name
_BEGINNING = """-- The tables of {base}, version {version} of its schema, for PostgreSQL. Generated: do not edit.
--
-- A comment names the field that a column holds. With cells keyed by these columns, a record is loaded with
--   INSERT INTO t SELECT * FROM jsonb_populate_record(NULL::t, $1);
-- where a formula has no result, leave the cell out. Load the tables first, then those between them.

"""
_TYPES = {
    "ai": "jsonb", "any": "jsonb", "barcode": "jsonb", "boolean": "boolean", "button": "jsonb", "choice": "text",
    "date": "date", "file": "jsonb", "integer": "bigint", "link": "text", "moment": "timestamptz", "number": "numeric",
    "person": "jsonb", "text": "text",
}  # fmt: skip


def generate(base: str, version: int, tables: Sequence[Table]) -> str:
    named = [(table.id, table.name) for table in tables]
    links = list(_links(tables))
    named += [(field.id, f"{table.name} {field.name}") for table, field in links]
    names = unique(named, snake, longest=LONGEST)
    parts = ["\n".join(_table(table, names[table.id])) for table in tables]
    paths = {field.id: f"{table.name}.{field.name} ({field.id}, link)" for table in tables for field in table.fields}
    parts += ["\n".join(_between(table, field, names, paths)) for table, field in links]
    return _BEGINNING.format(base=base, version=version) + "\n".join(parts)


def _table(table: Table, name: str) -> Iterator[str]:
    held = [field for field in table.fields if not _is_link(field)]
    columns = unique(((field.id, field.name) for field in held), snake, {"id", "created_time"}, LONGEST)
    yield f"CREATE TABLE {_name(name)} ("
    yield '  "id" text PRIMARY KEY,'
    yield '  "created_time" timestamptz NOT NULL' + ("," if held else "")
    for at, field in enumerate(held):
        column = _name(columns[field.id])
        comma = "," if at < len(held) - 1 else ""
        yield f"  {column} {_column(cell_of(field), column)}{comma}"
    yield ");"
    about = f"{table.name} ({table.id})" + (f": {table.description}" if table.description else "")
    yield f"COMMENT ON TABLE {_name(name)} IS {_text(about)};"
    for field in held:
        about = f"{field.name} ({field.id}, {field.type})" + (f": {field.description}" if field.description else "")
        yield f"COMMENT ON COLUMN {_name(name)}.{_name(columns[field.id])} IS {_text(about)};"
    yield ""


def _between(table: Table, field: TableField, names: dict[str, str], paths: dict[str, str]) -> Iterator[str]:
    """A link is kept once, though both tables show it; `position` is its place in the cell of the first table."""
    name, here, there = _name(names[field.id]), _name(names[table.id]), _name(names[_linked(field)])
    yield f"CREATE TABLE {name} ("
    yield f'  "from_id" text NOT NULL REFERENCES {here} ON DELETE CASCADE,'
    yield f'  "to_id" text NOT NULL REFERENCES {there} ON DELETE CASCADE,'
    yield '  "position" integer NOT NULL,'
    yield '  PRIMARY KEY ("from_id", "to_id")'
    yield ");"
    yield f'CREATE INDEX ON {name} ("to_id");'
    inverse = paths.get((field.options or {}).get("inverseLinkFieldId", ""))
    about = paths[field.id] + (f", the other way round {inverse}" if inverse else "")
    yield f"COMMENT ON TABLE {name} IS {_text(about)};"
    yield ""


def _links(tables: Sequence[Table]) -> Iterator[tuple[Table, TableField]]:
    """Each link once: by the field that comes first of the two that show it."""
    seen: set[str] = set()
    known = {table.id for table in tables}
    for table in tables:
        for field in table.fields:
            if _is_link(field) and field.id not in seen and _linked(field) in known:
                seen.add((field.options or {}).get("inverseLinkFieldId", ""))
                yield table, field


def _column(cell: Cell, column: str) -> str:
    if cell.many and (cell.gaps or cell.failing or _TYPES[cell.kind] == "jsonb"):
        return "jsonb"
    if cell.kind != "choice" or cell.computed:
        return _TYPES[cell.kind] + "[]" * cell.many
    choices = ", ".join(map(_text, cell.choices))
    return f"text[] CHECK ({column} <@ ARRAY[{choices}])" if cell.many else f"text CHECK ({column} IN ({choices}))"


def _is_link(field: TableField) -> bool:
    return field.type == "multipleRecordLinks"


def _linked(field: TableField) -> str:
    return str((field.options or {}).get("linkedTableId", ""))


def _name(name: str) -> str:
    return f'"{name}"'


def _text(text: str) -> str:
    """A literal whatever `standard_conforming_strings` says; PostgreSQL's text holds no NUL."""
    plain = text.replace("\0", "").replace("'", "''")
    return " E'" + plain.replace("\\", "\\\\") + "'" if "\\" in plain else f"'{plain}'"
