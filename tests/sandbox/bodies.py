"""The bodies of Airtable's refusals, written out a second time."""

from typing import Any

FORMULA = "The formula for filtering records is invalid: "
MODEL_NOT_FOUND = {
    "error": {
        "type": "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND",
        "message": "Invalid permissions, or the requested model was not found. Check that both your user and your "
        "token have the required permissions, and that the model names and/or ids are correct.",
    }
}
INVALID_REQUEST = {
    "error": {
        "type": "INVALID_REQUEST_UNKNOWN",
        "message": "Invalid request: parameter validation failed. Check your request data.",
    }
}
CREATE_FORM = {
    "error": {
        "type": "INVALID_RECORDS",
        "message": 'You must provide an array of up to 10 record objects, each with a "fields" object for cell values.',
    }
}
UPDATE_FORM = {
    "error": {
        "type": "INVALID_RECORDS",
        "message": 'You must provide an array of up to 10 record objects, each with an "id" ID field and a "fields" '
        "object for cell values.",
    }
}
DELETE_FORM = {"error": {"type": "INVALID_RECORDS", "message": "You must provide an array of up to 10 record IDs."}}


def error(type_: str, message: str | None = None) -> dict[str, Any]:
    return {"error": {"type": type_} if message is None else {"type": type_, "message": message}}


def formula(reason: str) -> dict[str, Any]:
    return error("INVALID_FILTER_BY_FORMULA", FORMULA + reason)


def row_missing(record_id: str) -> dict[str, Any]:
    return error("ROW_DOES_NOT_EXIST", f"Record ID {record_id} does not exist in this table")


def cannot_accept(name: str) -> dict[str, Any]:
    return error("INVALID_VALUE_FOR_COLUMN", f'Field "{name}" cannot accept the provided value')


def computed(name: str) -> dict[str, Any]:
    return error("INVALID_VALUE_FOR_COLUMN", f'Field "{name}" cannot accept a value because the field is computed')


NOT_FOUND = {"error": "NOT_FOUND"}
