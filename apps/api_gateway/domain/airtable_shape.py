"""A problem in the words of Airtable's API, for clients that know only those."""

import json

from apps.api_gateway.domain.why.evidence import Failure

# The types that stock clients act on; everything else is told apart by its status.
_TYPES = {
    401: "AUTHENTICATION_REQUIRED",
    403: "INVALID_PERMISSIONS",
    404: "NOT_FOUND",
    405: "NOT_FOUND",
    413: "REQUEST_TOO_LARGE",
    422: "INVALID_REQUEST_UNKNOWN",
    502: "BAD_GATEWAY",
    503: "RETRIABLE_ERROR",
    504: "GATEWAY_TIMEOUT",
}


def body(status: int, detail: str) -> bytes:
    """`{"error": {"type": …, "message": …}}`; a 429 has the plural form the live API was seen to send."""
    if status == 429:
        return json.dumps({"errors": [{"error": "RATE_LIMIT_REACHED", "message": detail}]}).encode()
    fallback = "SERVER_ERROR" if status >= 500 else "INVALID_REQUEST_UNKNOWN"
    return json.dumps({"error": {"type": _TYPES.get(status, fallback), "message": detail}}).encode()


def headers(failure: Failure) -> dict[str, str]:
    """What that shape has no room for."""
    return {
        "content-type": "application/json; charset=utf-8",
        "x-platform-code": failure.code,
        "x-platform-service": failure.service,
        "x-platform-fault": failure.fault,
    }
