"""Every refusal of the simulated API, with Airtable's status and body.

Where no recording of the real answer is known the docstring says `unverified`.
"""

from typing import Any


class AirtableError(Exception):
    """Answered as `status` with `body` as JSON, exactly."""

    def __init__(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        super().__init__(body)
        self.status = status
        self.body = body
        self.headers = headers or {}


def _typed(status: int, type_: str, message: str | None = None) -> AirtableError:
    error = {"type": type_} if message is None else {"type": type_, "message": message}
    return AirtableError(status, {"error": error})


def authentication_required() -> AirtableError:
    return _typed(401, "AUTHENTICATION_REQUIRED", "Authentication required")


def not_found() -> AirtableError:
    """No such route, or an id that is not even well-formed."""
    return AirtableError(404, {"error": "NOT_FOUND"})


def hidden() -> AirtableError:
    """A well-formed id in the metadata API that does not exist or may not be seen."""
    return _typed(404, "NOT_FOUND")


def model_not_found() -> AirtableError:
    return _typed(
        403,
        "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND",
        "Invalid permissions, or the requested model was not found. Check that both your user and your token "
        "have the required permissions, and that the model names and/or ids are correct.",
    )


def not_permitted(deed: str = "perform this operation") -> AirtableError:
    return _typed(403, "INVALID_PERMISSIONS", f"You are not permitted to {deed}")


def too_many_webhooks() -> AirtableError:
    """More than 10 in a base, or 2 of one OAuth integration. Unverified."""
    message = "A base can have at most 10 webhooks, and 2 of one OAuth integration"
    return _typed(403, "TOO_MANY_WEBHOOKS_IN_BASE", message)


def record_not_found(form: str) -> AirtableError:
    """`404` was recorded in 2022, `403` reported in 2026, `404-text` seen by others; `--missing-record` chooses."""
    match form:
        case "403":
            return model_not_found()
        case "404-text":
            return not_found()
    return _typed(404, "MODEL_ID_NOT_FOUND", "Record not found")


def table_not_found(name_or_id: str, base_id: str, form: str) -> AirtableError:
    """`403` is documented, `404` was recorded in 2022; `--missing-table` chooses."""
    if form == "403":
        return model_not_found()
    return _typed(404, "TABLE_NOT_FOUND", f"Could not find table {name_or_id} in application {base_id}")


def wrong_table() -> AirtableError:
    """The record exists, but in another table of the base than the path says."""
    return _typed(422, "FAILED_STATE_CHECK")


def row_does_not_exist(record_id: str) -> AirtableError:
    return _typed(422, "ROW_DOES_NOT_EXIST", f"Record ID {record_id} does not exist in this table")


def invalid_record_id(value: str) -> AirtableError:
    """A link to something that is no record id. Unverified."""
    return _typed(422, "INVALID_RECORD_ID", f'Value "{value}" is not a valid record ID.')


def too_large() -> AirtableError:
    """Type and message are those airtable.js reports for a 413; the body Airtable sends is unverified."""
    return _typed(413, "REQUEST_TOO_LARGE", "Request body is too large")


def url_too_long() -> AirtableError:
    """Above 16,000 characters; status and body are unverified."""
    return _typed(414, "REQUEST_URI_TOO_LONG", "Request URL is too long")


def unreadable_body() -> AirtableError:
    """As recorded in pyairtable#80 for a body with NaN in it."""
    return _typed(422, "INVALID_REQUEST_BODY", "Could not parse request body")


def invalid_request(message: str = "parameter validation failed. Check your request data.") -> AirtableError:
    return _typed(422, "INVALID_REQUEST_UNKNOWN", f"Invalid request: {message}")


def missing(key: str) -> AirtableError:
    return _typed(422, "INVALID_REQUEST_MISSING_FIELDS", f'Could not find field "{key}" in the request body')


def invalid_records_to_create() -> AirtableError:
    return _typed(
        422,
        "INVALID_RECORDS",
        'You must provide an array of up to 10 record objects, each with a "fields" object for cell values.',
    )


def invalid_records_to_update() -> AirtableError:
    return _typed(
        422,
        "INVALID_RECORDS",
        'You must provide an array of up to 10 record objects, each with an "id" ID field and a "fields" '
        "object for cell values.",
    )


def invalid_records_to_delete() -> AirtableError:
    return _typed(422, "INVALID_RECORDS", "You must provide an array of up to 10 record IDs.")


def same_record_twice() -> AirtableError:
    """Unverified."""
    return _typed(422, "INVALID_RECORDS", "You cannot update the same record multiple times in a single request.")


def unknown_field(name: str) -> AirtableError:
    return _typed(422, "UNKNOWN_FIELD_NAME", f'Unknown field name: "{name}"')


def computed_field(name: str) -> AirtableError:
    return _typed(
        422,
        "INVALID_VALUE_FOR_COLUMN",
        f'Field "{name}" cannot accept a value because the field is computed',
    )


def cannot_accept(name: str) -> AirtableError:
    return _typed(422, "INVALID_VALUE_FOR_COLUMN", f'Field "{name}" cannot accept the provided value')


def no_new_choice(choice: str) -> AirtableError:
    return _typed(
        422,
        "INVALID_MULTIPLE_CHOICE_OPTIONS",
        f'Insufficient permissions to create new select option "{choice}"',
    )


def link_expired() -> AirtableError:
    """Of an attachment. Unverified."""
    return _typed(410, "LINK_EXPIRED", "This attachment URL has expired")


def monthly_limit() -> AirtableError:
    """Trying again does not help before the next month. The message is unverified."""
    return _typed(429, "PUBLIC_API_BILLING_LIMIT_EXCEEDED", "The monthly number of API calls of the plan is used up")


def duplicate_table_name() -> AirtableError:
    """Unverified, as are the other refusals of changes to the schema."""
    return _typed(422, "DUPLICATE_TABLE_NAME", "Cannot create table: a table with that name already exists")


def invalid_table_name() -> AirtableError:
    return _typed(422, "INVALID_TABLE_NAME", "A table needs a name")


def duplicate_field_name() -> AirtableError:
    return _typed(422, "DUPLICATE_OR_EMPTY_FIELD_NAME", "Field names must be unique and not empty")


def invalid_primary() -> AirtableError:
    return _typed(422, "INVALID_PRIMARY_FIELD_TYPE", "The first field has a type that no primary field can have")


def type_not_creatable(kind: str) -> AirtableError:
    return _typed(422, "UNSUPPORTED_FIELD_TYPE_FOR_CREATE", f"Creating {kind} fields is not supported at this time")


def invalid_options() -> AirtableError:
    return _typed(422, "INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE", "Invalid options for field")


def invalid_attachment(name: str) -> AirtableError:
    """Unverified."""
    return _typed(422, "INVALID_ATTACHMENT_OBJECT", f'Invalid attachment object for field "{name}": no url or id given')


def invalid_formula(reason: str = "Invalid formula. Please check your formula text.") -> AirtableError:
    return _typed(422, "INVALID_FILTER_BY_FORMULA", f"The formula for filtering records is invalid: {reason}")


def invalid_offset(offset: str) -> AirtableError:
    return _typed(422, "INVALID_OFFSET_VALUE", f"The value of offset {offset} is invalid")


def iterator_not_available() -> AirtableError:
    return _typed(422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE")


def view_not_found(view: str, *, by_id: bool) -> AirtableError:
    return _typed(422, "VIEW_ID_NOT_FOUND" if by_id else "VIEW_NAME_NOT_FOUND", f"View {view} not found")


def retriable() -> AirtableError:
    """Of trouble inside Airtable; here of a fault."""
    message = "Server encountered an error while processing your request, and it is safe to retry the request"
    return _typed(503, "RETRIABLE_ERROR", message)


def rate_limited(retry_after: int | None, form: str) -> AirtableError:
    """`plural` was recorded twice from the real API, `singular` is told of its documentation.

    Airtable sends no `Retry-After` by default.
    """
    headers = {} if retry_after is None else {"retry-after": str(retry_after)}
    kind, message = "RATE_LIMIT_REACHED", "Rate limit exceeded. Please try again later"
    if form == "singular":
        return AirtableError(429, {"error": {"type": kind, "message": message}}, headers)
    return AirtableError(429, {"errors": [{"error": kind, "message": message}]}, headers)
