"""Cross-origin rules: browsers may call the platform, and never with cookies."""

from collections.abc import Sequence

from apps.api_gateway.domain.headers import Header

_METHODS = b"DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
# What Airtable allows, and what the platform understands beside it.
_REQUEST_HEADERS = (
    b"accept, authorization, content-length, content-type, idempotency-key, if-match, if-none-match, last-event-id, "
    b"prefer, traceparent, tracestate, user-agent, x-airtable-application-id, x-airtable-connection, "
    b"x-airtable-user-agent, x-api-key, x-api-version, x-request-id, x-requested-with, x-timeout-ms"
)
_EXPOSED = (
    b"etag, link, location, retry-after, server-timing, x-platform-code, x-platform-fault, x-platform-service, "
    b"x-request-id, x-trace-id"
)
_PREFLIGHT_LIFETIME = b"600"  # seconds; Chromium takes up to two hours, an allow-list should be quicker to change


class Cors:
    """The allow-list. `*` alone lets every origin in."""

    def __init__(self, origins: Sequence[str]) -> None:
        self._every = "*" in origins
        self._origins = frozenset(origin.encode() for origin in origins)

    def answer(self, origin: bytes | None) -> list[Header]:
        """Headers for an answer to a page of this origin; none when it is not allowed."""
        allowed = self._origin(origin)
        return [*allowed, (b"access-control-expose-headers", _EXPOSED)] if allowed else self._vary()

    def preflight(self, origin: bytes | None) -> list[Header]:
        allowed = self._origin(origin)
        if not allowed:
            return self._vary()
        return [
            *allowed,
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", _REQUEST_HEADERS),
            (b"access-control-max-age", _PREFLIGHT_LIFETIME),
        ]

    def _origin(self, origin: bytes | None) -> list[Header]:
        if origin is None:
            return []
        if self._every:
            return [(b"access-control-allow-origin", b"*")]
        if origin in self._origins:
            return [(b"access-control-allow-origin", origin), *self._vary()]
        return []

    def _vary(self) -> list[Header]:
        # Without it a shared cache would hand one origin's answer to another.
        return [] if self._every else [(b"vary", b"origin")]
