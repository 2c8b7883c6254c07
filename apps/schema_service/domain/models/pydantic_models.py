"""pydantic 2: a model for the cells of each table; validates what Airtable answers and writes what it takes."""

from collections.abc import Iterator, Sequence

from pydantic import BaseModel

from apps.schema_service.domain.models.cells import Cell, cell_of
from apps.schema_service.domain.models.naming import PYTHON, pascal, quoted, snake, unique
from contracts.airtable_connector import Table, TableField

_BEGINNING = '''"""The tables of {base}, version {version} of its schema. Generated: do not edit.

`Record[Deals].model_validate(answer)` reads a record, `cells.writable()` is what Airtable takes back.
"""

import datetime as _dt
from typing import Any, ClassVar, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field


class Collaborator(BaseModel):
    """One of `id` and `email` is enough to write it."""

    id: str | None = None
    email: str | None = None
    name: str | None = None


class Attachment(BaseModel):
    """A new one needs only `url`, one that stays only `id`."""

    model_config = ConfigDict(extra="allow")
    id: str | None = None
    url: str | None = None
    filename: str | None = None
    size: int | None = None
    type: str | None = None


class Barcode(BaseModel):
    text: str
    type: str | None = None


class Button(BaseModel):
    label: str
    url: str | None = None


class AiText(BaseModel):
    model_config = ConfigDict(extra="allow")
    state: str
    value: str | None = None


class Failure(BaseModel):
    """What stands where a formula has no result."""

    model_config = ConfigDict(extra="forbid")
    error: str | None = None
    specialValue: str | None = None


class Cells(BaseModel):
    """By Python names or by Airtable's. An empty cell is None; so is a field the schema did not have yet."""

    model_config = ConfigDict(populate_by_name=True, protected_namespaces=())
    COMPUTED: ClassVar[frozenset[str]] = frozenset()

    def writable(self) -> dict[str, Any]:
        """The cells that were set, under Airtable's names, without those that Airtable computes."""
        return self.model_dump(
            mode="json", by_alias=True, exclude_unset=True, exclude=set(self.COMPUTED)
        )


Of = TypeVar("Of", bound=Cells)


class Record(BaseModel, Generic[Of]):
    """As Airtable answers (`createdTime`), or as the platform does (`created_time`)."""

    model_config = ConfigDict(populate_by_name=True)
    id: str
    created_time: _dt.datetime = Field(alias="createdTime")
    fields: Of
'''
_CLASSES = frozenset({
    *PYTHON, "AiText", "Any", "Attachment", "Barcode", "BaseModel", "Button", "Cells", "ClassVar", "Collaborator",
    "ConfigDict", "Failure", "Field", "Generic", "Literal", "Of", "Record", "TypeVar",
})  # fmt: skip
_FIELDS = frozenset({*PYTHON, *dir(BaseModel), "writable"})
_TYPES = {
    "ai": "AiText", "any": "Any", "barcode": "Barcode", "boolean": "bool", "button": "Button", "date": "_dt.date",
    "file": "Attachment", "integer": "int", "link": "str", "moment": "_dt.datetime", "number": "float",
    "person": "Collaborator", "text": "str",
}  # fmt: skip


def generate(base: str, version: int, tables: Sequence[Table]) -> str:
    classes = unique(((table.id, table.name) for table in tables), pascal, _CLASSES)
    parts = [_BEGINNING.format(base=base, version=version)]
    parts += ["\n".join(_model(classes[table.id], table)) for table in tables]
    return "\n\n".join(parts)


def _model(name: str, table: Table) -> Iterator[str]:
    names = unique(((field.id, field.name) for field in table.fields), snake, _FIELDS)
    computed = sorted(names[field.id] for field in table.fields if cell_of(field).computed)
    yield f"class {name}(Cells):"
    yield f"    {quoted(_about(table))}"
    yield ""
    yield f"    COMPUTED: ClassVar[frozenset[str]] = frozenset([{', '.join(map(quoted, computed))}])"
    for field in table.fields:
        yield f"    {names[field.id]}: {annotation(cell_of(field))} = Field({_arguments(field)})"
    yield ""


def _about(table: Table) -> str:
    return f"{table.name} ({table.id})" + (f": {table.description}" if table.description else "")


def _arguments(field: TableField) -> str:
    described = f", description={quoted(field.description)}" if field.description else ""
    return f"default=None, alias={quoted(field.name)}{described}"


def annotation(cell: Cell) -> str:
    """The cell's type in Python."""
    held = f"Literal[{', '.join(map(quoted, cell.choices))}]" if cell.kind == "choice" else _TYPES[cell.kind]
    if held == "Any":
        return "list[Any] | None" if cell.many else "Any"
    held += " | Failure" if cell.failing else ""
    held += " | None" if cell.gaps else ""
    return f"list[{held}] | None" if cell.many else f"{held} | None"
