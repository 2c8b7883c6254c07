"""What is made of a schema: models, the slim view, dependencies, what breaks, what a search finds."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from contracts.airtable_connector import Sent
from contracts.schema_service.snapshots import Which

MAX_SLIM = 200_000  # letters of a slim view that is expanded
ModelFormat = Literal["pydantic", "typeddict", "pyairtable", "typescript", "jsonschema", "sql", "markdown", "mermaid"]
ChangeKind = Literal["remove", "rename", "retype"]


class ModelQuery(Which):
    format: ModelFormat


class Slim(BaseModel):
    """A schema for a language model. How it is read is told in the documentation and fits into a system prompt."""

    base: str
    version: int
    text: str
    tokens: int = Field(description="About how many a language model sees in it.")
    tokens_of_schema: int = Field(description="The same of the whole schema as JSON.")


class SlimText(Sent):
    text: str = Field(max_length=MAX_SLIM)


class OutlinedField(BaseModel):
    """A field by its names alone: options as Airtable has them, with names where those have ids."""

    name: str
    type: str
    description: str | None = None
    options: dict[str, Any] = {}
    id: str | None = Field(default=None, description="Of the field of this name and type; null: the version has none.")


class OutlinedTable(BaseModel):
    """The primary field is the first."""

    name: str
    description: str | None = None
    fields: list[OutlinedField]
    id: str | None = Field(default=None, description="Of the table of this name; null: the version has none.")


class Outline(BaseModel):
    base: str
    version: int
    tables: list[OutlinedTable]


class Node(BaseModel):
    """A field, or a table that links lead to."""

    id: str
    path: str = Field(description="`Table.Field`, or `Table`.")
    type: str = Field(description="Airtable's field type; table for a table.")


class Dependency(BaseModel):
    """`field` needs `on`. formula: it is named in it. along: the link that is followed. value: what is found there.
    table: where a link leads. shown: the primary field, which links show. inverse: the other side of a link."""

    field: str
    on: str
    how: Literal["formula", "along", "value", "table", "shown", "inverse"]


class Dependencies(BaseModel):
    base: str
    version: int
    nodes: list[Node]
    edges: list[Dependency]
    text: str = Field(description="The same for people: each field, and below it what it needs.")


class ImpactQuery(Which):
    of: str = Field(min_length=1, description="Id of a table or field, `Table` or `Table.Field`.")
    change: ChangeKind = "remove"


class Affected(Node):
    effect: Literal["unlinked", "breaks", "fails", "recomputed"] = Field(
        description="unlinked: the link that it shows is gone, only text can stay. breaks: it names what is gone and "
        "stops working. fails: what it needs breaks. recomputed: it goes on with other values, maybe of another type."
    )
    via: list[str] = Field(description="The paths that lead from it to what is changed, the next first.")


class Impact(BaseModel):
    """What a change would do to the rest of the base, and to who reads it."""

    base: str
    version: int
    of: Node
    change: ChangeKind
    affected: list[Affected]
    note: str = Field(description="Who else notices.")
    text: str


class SearchQuery(Sent):
    q: str = Field(min_length=1, max_length=200, description="Words that must all be in the name or the description.")
    base: str | None = Field(default=None, description="Only in this base; else in all that were seen.")
    what: Literal["table", "field", "view"] | None = None
    page_size: int = Field(default=50, ge=1, le=100)
    cursor: int = Field(default=0, ge=0, le=10_000, description="`next` of the page before.")


class Found(BaseModel):
    base: str
    version: int
    what: Literal["table", "field", "view"]
    table_id: str
    table: str
    id: str
    name: str
    type: str | None = Field(description="Of a field or a view.")
    description: str | None
