"""What a webhook wants to hear about, checked against its base, and read as filters."""

from __future__ import annotations

from typing import Any

from sandbox.airtable import errors
from sandbox.airtable.ids import is_id
from sandbox.airtable.schema import Base, Field, Record

_DATA_TYPES = {"tableData", "tableFields", "tableMetadata"}
_CHANGES = {"add", "remove", "update"}
_SOURCES = {
    "client", "publicApi", "formSubmission", "formPageSubmission", "automation", "system", "sync", "anonymousUser",
    "unknown",
}  # fmt: skip
_FILTERS = {
    "dataTypes", "recordChangeScope", "changeTypes", "fromSources", "sourceOptions", "watchDataInFieldIds",
    "watchSchemasOfFieldIds",
}  # fmt: skip
_INCLUDES = {"includeCellValuesInFieldIds", "includePreviousCellValues", "includePreviousFieldDefinitions"}


class Filters:
    """Raises Airtable's 422 for a specification that is none (its exact message is unverified)."""

    def __init__(self, specification: Any, base: Base) -> None:
        options = _object(_object(specification).get("options"))
        filters, includes = _object(options.get("filters")), _object(options.get("includes") or {})
        if set(filters) - _FILTERS or set(includes) - _INCLUDES:
            raise errors.invalid_request()
        self.data_types = _some(filters.get("dataTypes"), _DATA_TYPES)
        if not self.data_types:
            raise errors.invalid_request()
        self.changes = _some(filters.get("changeTypes"), _CHANGES) or _CHANGES
        self.sources = _some(filters.get("fromSources"), _SOURCES) or _SOURCES
        self.scope = filters.get("recordChangeScope")
        if self.scope is not None and not _is_scope(self.scope, base):
            raise errors.invalid_request()
        known = {field_id for table in base.tables.values() for field_id in table.fields}
        self.watched = _some(filters.get("watchDataInFieldIds"), known)
        self.watched_schemas = _some(filters.get("watchSchemasOfFieldIds"), known)
        self.previous_fields = includes.get("includePreviousFieldDefinitions") is True
        self.previous = includes.get("includePreviousCellValues") is True
        included = includes.get("includeCellValuesInFieldIds")
        self._everything = included == "all"
        self._included = set() if self._everything else _some(included, known)
        self.includes = self._everything or bool(self._included)

    def wants(self, field: Field, record: Record) -> bool:
        """Whether a cell is told that did not change: those named, or all that were written and are not empty."""
        if self._everything:
            return field.id in record.cells
        return field.id in self._included and field.value(record) is not None


def _is_scope(scope: Any, base: Base) -> bool:
    """A table or a view."""
    if is_id("tbl", scope):
        return scope in base.tables
    return any(view.id == scope for table in base.tables.values() for view in table.views)


def _object(content: Any) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise errors.invalid_request()
    return content


def _some(given: Any, known: set[str]) -> set[str]:
    """The names given, all of which must be known."""
    if given is None:
        return set()
    if not isinstance(given, list) or not all(isinstance(item, str) and item in known for item in given):
        raise errors.invalid_request()
    return set(given)
