"""Fields nobody writes, because they say what a record is and what happened to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.airtable import errors
from sandbox.airtable.fields.base import FieldType, Kind, NumberCell
from sandbox.airtable.fields.people import PersonCell
from sandbox.airtable.formula.values import cell_moment

if TYPE_CHECKING:
    from sandbox.airtable.change import Change
    from sandbox.airtable.schema import Field, Record


class Computed(FieldType):
    computed = True


class ComputedNumber(NumberCell):
    computed = True


class _ComputedTime(Computed):
    def kind(self, field: Field) -> Kind:
        return Kind.DATE

    def operand(self, value: Any, field: Field) -> Any:
        return cell_moment(value)


class AutoNumber(ComputedNumber):
    name = "autoNumber"

    def value(self, record: Record, field: Field) -> Any:
        return record.auto_number


class CreatedTime(_ComputedTime):
    name = "createdTime"

    def value(self, record: Record, field: Field) -> Any:
        return record.created_time


class LastModifiedTime(_ComputedTime):
    """Of the whole record, or of the cells that option `referencedFieldIds` names."""

    name = "lastModifiedTime"

    def value(self, record: Record, field: Field) -> Any:
        watched = field.options["referencedFieldIds"]
        return record.last_change(watched) if watched else record.modified_time


class _ComputedPerson(PersonCell):
    computed = True


class CreatedBy(_ComputedPerson):
    name = "createdBy"

    def value(self, record: Record, field: Field) -> Any:
        return record.created_by


class LastModifiedBy(_ComputedPerson):
    name = "lastModifiedBy"

    def value(self, record: Record, field: Field) -> Any:
        return record.modified_by


_AI_STATES = {"empty", "loading", "generated", "error"}


class AiText(Computed):
    """What a model wrote; nobody's request writes it, a seed does: as a text, or whole as the API shows it."""

    name = "aiText"

    def write(self, value: Any, field: Field, change: Change) -> Any:
        match value:
            case str():
                return {"state": "generated", "isStale": False, "value": value}
            case {"state": str() as state, "isStale": bool(), "value": str() | None} if state in _AI_STATES:
                error_type = value.get("errorType")
                if len(value) == 3 + (state == "error") and isinstance(error_type, str) == (state == "error"):
                    return dict(value)
        raise errors.cannot_accept(field.name)

    def text(self, value: Any, field: Field) -> str:
        return value["value"] or ""


class ExternalSyncSource(Computed):
    """The name of the source that a synced record comes from; written by a seed."""

    name = "externalSyncSource"

    def write(self, value: Any, field: Field, change: Change) -> Any:
        if not isinstance(value, str):
            raise errors.cannot_accept(field.name)
        return value


class Button(Computed):
    """Setting `label` is its text; setting `url` is a prefix that the record's id follows."""

    name = "button"

    def value(self, record: Record, field: Field) -> Any:
        url = field.settings.get("url")
        return {"label": field.settings.get("label", field.name), "url": url and url + record.id}

    def text(self, value: Any, field: Field) -> str:
        return str(value["label"])
