"""Airtable's error answers: read in every form it uses, and turned into ours."""

import re
from dataclasses import dataclass
from typing import Any

import orjson

from apps.airtable_connector.domain import errors
from apps.airtable_connector.domain.calls import Answer
from chassis import AppError, FieldError

AMBIGUOUS = "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"
_CURSOR_TYPES = {"LIST_RECORDS_ITERATOR_NOT_AVAILABLE"}
_MISSING_TYPES = {"NOT_FOUND", "MODEL_ID_NOT_FOUND", "TABLE_NOT_FOUND", "FAILED_STATE_CHECK"}
_PLAN_TYPES = {"PUBLIC_API_BILLING_LIMIT_EXCEEDED"}
_PLACES = {  # which part of a request Airtable complains about
    "INVALID_FILTER_BY_FORMULA": "filter",
    "INVALID_OFFSET_VALUE": "cursor",
    "VIEW_NAME_NOT_FOUND": "view",
    "VIEW_ID_NOT_FOUND": "view",
}
_NAMED_FIELD = {
    "UNKNOWN_FIELD_NAME": re.compile(r'Unknown field names?: "?(.+?)"?', re.DOTALL),
    "INVALID_VALUE_FOR_COLUMN": re.compile(r'Field "(.+)" cannot accept .*', re.DOTALL),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Airtable's own words. `type` is empty when it sent no JSON."""

    status: int
    type: str
    message: str


def read(answer: Answer) -> Refusal:
    """Every form seen: {"error": str}, {"error": {type, message?}}, {"errors": [{error, message}]}, no JSON, empty."""
    try:
        body = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return Refusal(answer.status, "", f"{len(answer.body)} bytes that are no JSON")
    error: Any = body.get("error") if isinstance(body, dict) else None
    if isinstance(body, dict) and isinstance(body.get("errors"), list) and body["errors"]:
        error = body["errors"][0]
    if isinstance(error, str):
        return Refusal(answer.status, error, "")
    if isinstance(error, dict):
        kind = error.get("type") or error.get("error") or ""
        return Refusal(answer.status, str(kind), str(error.get("message") or ""))
    return Refusal(answer.status, "", "")


def is_plan_limit(answer: Answer) -> bool:
    """Whether a 429 means the month's calls are used up: waiting does not help."""
    return read(answer).type in _PLAN_TYPES


def error_of(answer: Answer, *, read_only: bool) -> AppError:
    """Our error for an answer that is not 2xx. `read_only`: the call was a read."""
    refusal = read(answer)
    error = _error(refusal, read_only=read_only)
    if isinstance(error, errors.FromAirtable):
        error.answer = answer
    return error


def _error(refusal: Refusal, *, read_only: bool) -> AppError:
    said = _quoted(refusal)
    match refusal.status:
        case 401:
            return errors.AirtableRefused(
                f"Airtable does not know the platform's token ({said}). Set a valid AIRTABLE_TOKEN."
            )
        case 403:
            return errors.AirtableRefused(
                f"Airtable refused ({said}). Check that the token has the scopes and the base it needs."
            )
        case 404:
            return errors.AirtableNotFound(f"Airtable has nothing there ({said}). Check base, table and record.")
        case 429:
            return errors.AirtablePlanLimit(f"{said}. Wait for the next month or change the workspace's plan.")
        case status if status in {400, 413, 422}:
            return _rejected(refusal, said)
        case status if status >= 500 and not read_only and refusal.type != "RETRIABLE_ERROR":
            return errors.AirtableWriteUnknown(
                f"Airtable failed with {status} ({said}) after it had the write. Read the records before repeating it."
            )
        case status if status >= 500:
            return errors.AirtableUnavailable(f"Airtable answered {status} ({said}). Try again shortly.", headers=_SOON)
    return errors.AirtableInvalidAnswer(f"Airtable answered {refusal.status} ({said}), which its API does not know.")


_SOON = {"retry-after": "1"}


def _rejected(refusal: Refusal, said: str) -> AppError:
    if refusal.type in _CURSOR_TYPES:
        return errors.AirtableCursorExpired(
            "Airtable keeps the place in a list for a few minutes only. Read again from the first page."
        )
    if refusal.type in _MISSING_TYPES:
        return errors.AirtableNotFound(f"The record is not in this table ({said}).")
    return errors.AirtableInvalidRequest(f"{said}.".replace("..", "."), errors=_fields(refusal))


def _fields(refusal: Refusal) -> list[FieldError]:
    """The part of the request that is at fault, as far as Airtable says."""
    if place := _PLACES.get(refusal.type):
        return [FieldError(field=place, message=refusal.message or refusal.type)]
    if (named := _NAMED_FIELD.get(refusal.type)) and (found := named.fullmatch(refusal.message)):
        return [FieldError(field=f"fields.{found[1]}", message=refusal.message)]
    return []


def _quoted(refusal: Refusal) -> str:
    return ": ".join(part for part in (refusal.type, refusal.message) if part) or "without a reason"
