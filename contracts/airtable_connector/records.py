"""Bases, tables, records and what became of a batch.

Names of things are Airtable's; keys are snake_case as everywhere in the platform.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

BATCH = 10  # records Airtable takes in one call
MAX_RECORDS = 1_000  # records one request of ours takes: 100 calls, 20 s at Airtable's 5 a second

Cells = Annotated[
    dict[str, Any], Field(description="Field name (or id) → cell value; empty cells are absent in answers.")
]
RecordId = Annotated[str, StringConstraints(pattern=r"^rec[A-Za-z0-9]{14}$")]
Name = Annotated[str, StringConstraints(min_length=1)]


class Sent(BaseModel):
    """What a caller sends: an unknown key is a mistake to be told, not to be ignored."""

    model_config = ConfigDict(extra="forbid")


class Base(BaseModel):
    id: str
    name: str
    permission_level: str = Field(description="none, read, comment, edit or create.")


class TableField(BaseModel):
    id: str
    name: str
    type: str = Field(description="Airtable's field type, e.g. singleLineText.")
    description: str | None = None
    options: dict[str, Any] | None = Field(default=None, description="As Airtable describes them for the type.")


class View(BaseModel):
    id: str
    name: str
    type: str


class Table(BaseModel):
    id: str
    name: str
    description: str | None = None
    primary_field_id: str
    fields: list[TableField]
    views: list[View] = []


class Record(BaseModel):
    id: str
    created_time: str = Field(description="ISO 8601, UTC.")
    fields: Cells


class TokenOwner(BaseModel):
    """Whose Airtable token the platform uses, and what the platform lets it do."""

    id: str
    email: str | None = None
    scopes: list[str] | None = Field(default=None, description="Known for OAuth tokens only.")
    writes_allowed: bool = Field(description="False: the platform refuses writes before they reach Airtable.")


class RecordsQuery(Sent):
    """Which records, in which order, a page at a time. Give the same query with each cursor."""

    fields: list[Name] = Field(default=[], description="Only these fields, by name or id; repeat the parameter.")
    filter: str | None = Field(
        default=None,
        description="Records for which it is true: an Airtable formula, in which fields may be called by id, or JSON: "
        '`{"field": "City", "op": "eq", "value": "Graz"}` (eq, ne, lt, le, gt, ge, contains, before, after), '
        '`{"record": "rec…"}`, `{"and": […]}`, `{"or": […]}`, `{"not": …}`.',
    )
    sort: list[Annotated[str, StringConstraints(pattern=r"^(-.+|[^-].*)$")]] = Field(
        default=[], description="Field name, `-` before it for descending; repeat the parameter."
    )
    view: Name | None = Field(default=None, description="Name or id of a view: its filter and order apply.")
    page_size: int = Field(default=100, ge=1, le=100)
    cursor: Name | None = Field(default=None, description="`next` of the page before.")
    fields_by_id: bool = Field(default=False, description="Key cells by field id instead of name.")


class Options(Sent):
    typecast: bool = Field(default=False, description="Let Airtable convert values, e.g. add select options.")
    fields_by_id: bool = Field(default=False, description="Key cells of the answer by field id.")


class NewRecord(Sent):
    fields: Cells


class NewRecords(Options):
    records: list[NewRecord] = Field(min_length=1, max_length=MAX_RECORDS)


class RecordChange(Options):
    """New values of one record. PATCH leaves cells that are not named alone, PUT empties them."""

    fields: Cells


class ChangedRecord(Sent):
    id: RecordId
    fields: Cells


class RecordChanges(Options):
    records: list[ChangedRecord] = Field(min_length=1, max_length=MAX_RECORDS)


class UpsertedRecord(Sent):
    id: RecordId | None = Field(default=None, description="When given, `merge_on` is not looked at.")
    fields: Cells


class Upsert(Options):
    """Update the record whose `merge_on` fields are equal, or create one."""

    merge_on: list[Name] = Field(min_length=1, max_length=3)
    records: list[UpsertedRecord] = Field(min_length=1, max_length=MAX_RECORDS)


class RecordIds(Sent):
    ids: list[RecordId] = Field(min_length=1, max_length=MAX_RECORDS)


class DeletedIds(RecordIds):
    """For the query of a DELETE."""

    dry_run: bool = Field(default=False, description="Write nothing; answer 200 with what would change.")


class DeletedRecord(BaseModel):
    id: str
    deleted: Literal[True] = True


class CallError(BaseModel):
    """Why a call failed; `code` has a page under /problems/."""

    code: str
    detail: str
    retry_after: int | None = Field(default=None, description="Seconds until it can succeed, when known.")


class CallOutcome(BaseModel):
    """One call to Airtable out of a batch: records `first` to `first + count - 1` of the request, from 0.

    done: written. failed: nothing of it was written, `error` says why. unknown: the answer was lost, it may have
    been written. not-sent: a call before it did not succeed, so it was not tried.
    """

    first: int
    count: int
    outcome: Literal["done", "failed", "unknown", "not-sent"]
    error: CallError | None = None


class Written(BaseModel):
    """What became of a batch. Status 207 when `complete` is false; then `calls` says what was written."""

    complete: bool
    calls: list[CallOutcome]
    operation: str | None = Field(default=None, description="Its id under /api/v1/operations.")


class RecordsWritten(Written):
    records: list[Record] = Field(description="In the order of the request.")


class RecordsUpserted(RecordsWritten):
    created: list[str] = Field(description="Ids of records that did not exist before.")
    updated: list[str]


class RecordsDeleted(Written):
    deleted: list[str]
