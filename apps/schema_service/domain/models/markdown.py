"""Markdown: the base's data dictionary, for people, with its ERD."""

from collections.abc import Iterator, Sequence

from apps.schema_service.domain.models import mermaid
from apps.schema_service.domain.models.cells import cell_of
from contracts.airtable_connector import Table, TableField


def generate(base: str, version: int, tables: Sequence[Table]) -> str:
    names = {table.id: table.name for table in tables}
    fields = {field.id: field for table in tables for field in table.fields}
    lines = [f"# {base}, version {version}", "", "```mermaid", mermaid.generate(base, version, tables).rstrip(), "```"]
    for table in tables:
        lines += ["", *_table(table, names, fields)]
    return "\n".join(lines) + "\n"


def _table(table: Table, names: dict[str, str], fields: dict[str, TableField]) -> Iterator[str]:
    yield f"## {_plain(table.name)}"
    yield ""
    if table.description:
        yield _plain(table.description)
        yield ""
    yield "| field | type | holds | description | id |"
    yield "|---|---|---|---|---|"
    for field in table.fields:
        name = f"**{_plain(field.name)}**" if field.id == table.primary_field_id else _plain(field.name)
        cells = (name, field.type, _holds(field, names, fields), _plain(field.description or ""), f"`{field.id}`")
        yield f"| {' | '.join(cells)} |"
    if table.views:
        yield ""
        yield "Views: " + ", ".join(f"{_plain(view.name)} ({view.type})" for view in table.views) + "."


def _holds(field: TableField, names: dict[str, str], fields: dict[str, TableField]) -> str:
    options = field.options or {}
    told = []
    if choices := cell_of(field).choices:
        told.append(", ".join(map(_plain, choices)))
    if linked := options.get("linkedTableId"):
        told.append(f"records of {_plain(names.get(linked, linked))}")
    if link := options.get("recordLinkFieldId"):
        told.append(f"along {_called(link, fields)}")
    if there := options.get("fieldIdInLinkedTable"):
        told.append(f"its {_called(there, fields)}")
    if formula := options.get("formula"):
        for key in options.get("referencedFieldIds", []):
            formula = formula.replace(f"{{{key}}}", f"{{{fields[key].name if key in fields else key}}}")
        told.append(_plain(formula))
    if "precision" in options:
        told.append(f"{options['precision']} decimals")
    if "symbol" in options:
        told.append(_plain(options["symbol"]))
    if "max" in options:
        told.append(f"up to {options['max']}")
    return "; ".join(told)


def _called(key: str, fields: dict[str, TableField]) -> str:
    return _plain(fields[key].name) if key in fields else key


def _plain(text: str) -> str:
    """On one line, with nothing in it that Markdown would read as its own."""
    line = " ".join(text.split())
    for sign in "\\`*_[]<>#|$~":
        line = line.replace(sign, f"\\{sign}")
    return line
