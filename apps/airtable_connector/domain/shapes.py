"""Airtable's JSON as our models, and our errors as Airtable's JSON."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
from pydantic import ValidationError

from apps.airtable_connector.domain.calls import Answer
from apps.airtable_connector.domain.errors import AirtableInvalidAnswer
from contracts.airtable_connector import Base, Record, Table, TableField, TokenOwner, View
from contracts.listing import Listing

T = TypeVar("T")

_TYPES = {  # the type a stock client knows that says most nearly the same as our code
    "airtable.rate-limited": "RATE_LIMIT_REACHED",
    "airtable.no-turn": "RATE_LIMIT_REACHED",
    "airtable.read-only": "INVALID_PERMISSIONS",
    "airtable.no-token": "AUTHENTICATION_REQUIRED",
    "airtable.missing-scope": "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND",
    "airtable.unknown-connection": "NOT_FOUND",
    "airtable.unavailable": "SERVICE_UNAVAILABLE",
    "airtable.timeout": "SERVICE_UNAVAILABLE",
    "request.unknown-route": "NOT_FOUND",
}
NOWHERE = b'{"error":"NOT_FOUND"}'  # all that Airtable says of a path it does not have


@dataclass(frozen=True, slots=True)
class Shape:
    """How an answer is served; `name` tells apart what is cached of the same answer in two shapes."""

    name: str
    render: Callable[[Any], bytes] | None = None

    def of(self, answer: Answer) -> tuple[bytes, bool]:
        """(body, whether more pages follow). Without `render` the body is Airtable's. Raises AirtableInvalidAnswer."""
        raw = parsed(answer)
        body = answer.body if self.render is None else understood(raw, self.render)
        return body, isinstance(raw, dict) and bool(raw.get("offset"))


def airtable_error(code: str, message: str) -> bytes:
    """Our problem in the shape stock clients read."""
    if code == "airtable.not-found":
        return NOWHERE
    kind = _TYPES.get(code) or code.replace(".", "_").replace("-", "_").upper()
    return orjson.dumps({"error": {"type": kind, "message": message}})


def parsed(answer: Answer) -> Any:
    """The answer's JSON. Raises AirtableInvalidAnswer for anything else."""
    try:
        return orjson.loads(answer.body)
    except orjson.JSONDecodeError as broken:
        raise AirtableInvalidAnswer(
            f"Airtable answered {answer.status} with {len(answer.body)} bytes that are no JSON. Try again; "
            "if it stays, check AIRTABLE_CONNECTOR_AIRTABLE_URL."
        ) from broken


def understood(raw: Any, reading: Callable[[Any], T]) -> T:
    """`reading(raw)`. Raises AirtableInvalidAnswer when something it needs is not there."""
    try:
        return reading(raw)
    except (KeyError, TypeError, AttributeError, ValidationError) as surprise:
        raise AirtableInvalidAnswer(
            f"Airtable's answer lacks what its API promises ({type(surprise).__name__}: {str(surprise)[:200]})."
        ) from surprise


def record_of(raw: Any) -> Record:
    return Record(id=raw["id"], created_time=raw["createdTime"], fields=raw.get("fields", {}))


def records_of(raw: Any) -> list[Record]:
    return [record_of(one) for one in raw["records"]]


def base_of(raw: Any) -> Base:
    return Base(id=raw["id"], name=raw["name"], permission_level=raw["permissionLevel"])


def table_of(raw: Any) -> Table:
    return Table(
        id=raw["id"],
        name=raw["name"],
        description=raw.get("description"),
        primary_field_id=raw["primaryFieldId"],
        fields=[TableField.model_validate(field) for field in raw["fields"]],
        views=[View.model_validate(view) for view in raw.get("views", [])],
    )


def token_owner(raw: Any, *, writes_allowed: bool) -> TokenOwner:
    return TokenOwner(id=raw["id"], email=raw.get("email"), scopes=raw.get("scopes"), writes_allowed=writes_allowed)


def _one_record(raw: Any) -> bytes:
    return record_of(raw).model_dump_json().encode()


def _page_of_records(raw: Any) -> bytes:
    # Without building models: this is the largest answer, and its cells are Airtable's as they are.
    items = [{"id": r["id"], "created_time": r["createdTime"], "fields": r.get("fields", {})} for r in raw["records"]]
    return orjson.dumps({"items": items, "next": raw.get("offset")})


def _page_of_bases(raw: Any) -> bytes:
    return (
        Listing[Base](items=[base_of(one) for one in raw["bases"]], next=raw.get("offset")).model_dump_json().encode()
    )


def _all_tables(raw: Any) -> bytes:
    return Listing[Table](items=[table_of(one) for one in raw["tables"]]).model_dump_json().encode()


AS_IS = Shape("v0")
RECORD = Shape("record", _one_record)
RECORDS = Shape("records", _page_of_records)
BASES = Shape("bases", _page_of_bases)
TABLES = Shape("tables", _all_tables)
