"""Reading an app's answer: what failed in it, and how long the app says it took."""

import json
import re
from collections.abc import Mapping

from apps.api_gateway.domain.why.evidence import Failure

WRITE_UNKNOWN, OPERATION = "airtable.write-unknown", "x-platform-operation"
LARGEST_ERROR = 64 * 1024  # bytes; a larger error document is passed on without being read
_DETAIL = 500  # characters of a detail that are remembered


def own_time(server_timing: str | None, app: str) -> float | None:
    """Milliseconds the app itself took, from its part of `Server-Timing`."""
    found = re.search(rf"(?:^|[,\s]){re.escape(app)};dur=(\d+(?:\.\d+)?)", server_timing or "")
    return float(found[1]) if found else None


def nobody_knows(status: int, headers: Mapping[str, str], *, again: bool) -> bool:
    """Whether the app says that the change may have happened and that it is looking for it; `again`: of a change that
    was asked for before, under the same key, also that it is under way, or was done and its answer is not kept."""
    if "idempotency-replayed" in headers:
        return False
    if again and status == 409:
        return True
    return headers.get("x-platform-code") == WRITE_UNKNOWN and OPERATION in headers


def failure(headers: Mapping[str, str], body: bytes, app: str) -> tuple[Failure | None, str | None]:
    """The problem in an error answer and Airtable's own error type, each None where there is none."""
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    document = document if isinstance(document, dict) else {}
    if "x-platform-code" in headers:
        kind, said = _airtable_error(document)
        code, fault = headers["x-platform-code"], headers.get("x-platform-fault", "platform")
        answering = headers.get("x-platform-service", app)
        return Failure(code, answering, fault, said[:_DETAIL]), kind if code.startswith("airtable.") else None
    if isinstance(document.get("code"), str):
        detail = str(document.get("detail") or document.get("title") or "")[:_DETAIL]
        answering, fault = str(document.get("service") or app), str(document.get("fault") or "platform")
        return Failure(document["code"], answering, fault, detail), None
    return None, None


def _airtable_error(document: dict[str, object]) -> tuple[str | None, str]:
    """(type, message) of `{"error": "X"}`, `{"error": {type, message}}` and `{"errors": [{error, message}]}`."""
    errors = document.get("errors")
    error = errors[0] if isinstance(errors, list) and errors else document.get("error")
    if isinstance(error, dict):
        kind = error.get("type") or error.get("error")
        return str(kind) if kind else None, str(error.get("message") or kind or "")
    return (error, error) if isinstance(error, str) else (None, "")
