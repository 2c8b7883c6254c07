"""Answers from the cache as bytes, with their validators."""

from starlette.requests import Request
from starlette.responses import Response

from apps.airtable_connector.service import Served
from apps.airtable_connector.settings import Settings

NDJSON = "application/x-ndjson"
EVENT_STREAM = "text/event-stream"


def wants_now(request: Request) -> bool:
    """Whether the client wants Airtable's word of now instead of a kept answer."""
    asked = request.headers.get("cache-control")
    return asked is not None and ("no-cache" in asked or "no-store" in asked)


def wants_stream(request: Request) -> bool:
    """Whether the client takes lines as they come. A sidecar streams only for who asks for an event stream and nothing
    else, so the gateway asks for that in its name."""
    asked = request.headers.get("accept", "")
    return NDJSON in asked or asked == EVENT_STREAM


def respond(request: Request, served: Served) -> Response:
    """The bytes, or 304 when the client has them."""
    entry = served.entry
    # no-cache: clients and proxies may keep it, and ask each time whether it is still true.
    headers = {
        "etag": entry.etag,
        "cache-control": "private, no-cache",
        "vary": "accept-encoding",
        "x-platform-cache": served.how,
        "cache-status": f"{Settings.APP}; {served.why}",
    }
    if served.degraded:
        headers["x-platform-degraded"] = "state"
    known = request.headers.get("if-none-match")
    if known is not None and _names(known, entry.etag):
        return Response(status_code=304, headers=headers)
    if entry.gzipped and _takes_gzip(request.headers.get("accept-encoding", "")):
        headers["content-encoding"] = "gzip"
        return Response(entry.body, headers=headers, media_type=entry.content_type)
    return Response(entry.plain, headers=headers, media_type=entry.content_type)


def _takes_gzip(accepted: str) -> bool:
    """RFC 9110 §12.5.3, for the one coding we have; `;q=0` refuses it."""
    for coding in accepted.split(","):
        name, _, weight = coding.partition(";")
        if name.strip().lower() in ("gzip", "*"):
            return weight.replace(" ", "").lower() not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _names(known: str, etag: str) -> bool:
    """Weak comparison: the W/ does not count."""
    wanted = etag.removeprefix("W/")
    return any(one.strip().removeprefix("W/") in (wanted, "*") for one in known.split(","))
