"""Conditions on records, as JSON: what a formula says, without its quoting.

`{"and": [{"field": "City", "op": "eq", "value": "Graz"}, {"not": {"field": "Notes", "op": "contains", "value": "x"}}]}`
"""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, TypeAdapter

from contracts.airtable_connector.records import Name, RecordId, Sent

Value = bool | int | Annotated[float, Field(allow_inf_nan=False)] | str | None


class Compare(Sent):
    """A cell and a value; null is the empty cell. contains: a text within it, as written."""

    field: Name
    op: Literal["eq", "ne", "lt", "le", "gt", "ge"]
    value: Value


class Contains(Sent):
    field: Name
    op: Literal["contains"]
    value: Name


class Moment(Sent):
    """A date or time before or after another, in ISO 8601."""

    field: Name
    op: Literal["before", "after"]
    value: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{3})?)?Z)?$")]


class IsRecord(Sent):
    record: RecordId


class And(Sent):
    and_: "list[Filter]" = Field(alias="and", min_length=1)


class Or(Sent):
    or_: "list[Filter]" = Field(alias="or", min_length=1)


class Not(Sent):
    not_: "Filter" = Field(alias="not")


def _kind(given: object) -> str | None:
    keys = given if isinstance(given, dict) else {name: getattr(given, name) for name in type(given).model_fields}  # type: ignore[attr-defined]
    for name in ("and", "or", "not", "record"):
        if name in keys or f"{name}_" in keys:
            return name
    op = keys.get("op")
    return {"contains": "contains", "before": "moment", "after": "moment"}.get(str(op), "compare")


Filter = Annotated[
    Annotated[And, Tag("and")]
    | Annotated[Or, Tag("or")]
    | Annotated[Not, Tag("not")]
    | Annotated[IsRecord, Tag("record")]
    | Annotated[Contains, Tag("contains")]
    | Annotated[Moment, Tag("moment")]
    | Annotated[Compare, Tag("compare")],
    Discriminator(_kind),
]
for _model in (And, Or, Not):
    _model.model_rebuild()
FILTER: TypeAdapter[Filter] = TypeAdapter(Filter)
