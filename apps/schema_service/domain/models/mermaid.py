"""An entity relationship diagram for Mermaid: https://mermaid.js.org/syntax/entityRelationshipDiagram.html"""

from collections.abc import Iterator, Sequence

from apps.schema_service.domain.models.cells import cell_of
from apps.schema_service.domain.models.naming import pascal, snake, unique
from contracts.airtable_connector import Table, TableField


def generate(base: str, version: int, tables: Sequence[Table]) -> str:
    names = unique(((table.id, table.name) for table in tables), _entity)
    lines = [f"%% {base}, version {version} of its schema. Generated: do not edit.", "erDiagram"]
    for table in tables:
        lines += _table(table, names[table.id])
    lines += _relations(tables, names)
    return "\n".join(lines) + "\n"


def _table(table: Table, name: str) -> Iterator[str]:
    attributes = unique(((field.id, field.name) for field in table.fields), _attribute)
    yield f'  {name}["{_text(table.name)}"] {{'
    for field in table.fields:
        key = " PK" if field.id == table.primary_field_id else " FK" if field.type == "multipleRecordLinks" else ""
        many = "[]" if cell_of(field).many else ""
        yield f'    {field.type}{many} {attributes[field.id]}{key} "{_text(field.name)}"'
    yield "  }"


def _relations(tables: Sequence[Table], names: dict[str, str]) -> Iterator[str]:
    """A line for each link; a pair of fields that show the same link is one, told by the first of them."""
    fields = {field.id: field for table in tables for field in table.fields}
    told: set[str] = set()
    for table in tables:
        for field in table.fields:
            options = field.options or {}
            linked = options.get("linkedTableId")
            if field.type != "multipleRecordLinks" or field.id in told or linked not in names:
                continue
            inverse = fields.get(options.get("inverseLinkFieldId", ""))
            told.add(inverse.id if inverse else "")
            here = "|o" if inverse and _single(inverse) else "}o"
            there = "o|" if _single(field) else "o{"
            yield f'  {names[table.id]} {here}--{there} {names[linked]} : "{_text(field.name)}"'


def _single(field: TableField) -> bool:
    return bool((field.options or {}).get("prefersSingleRecordLink"))


def _entity(name: str) -> str:
    return pascal(name) if name.isascii() else ""


def _attribute(name: str) -> str:
    return snake(name) if name.isascii() else ""


def _text(text: str) -> str:
    """Within quotes; Mermaid writes signs of its own as entities of HTML."""
    line = " ".join(text.split())
    return "".join(f"#{ord(sign)};" if sign in '"#;<>&%\\{}`' else sign for sign in line)
