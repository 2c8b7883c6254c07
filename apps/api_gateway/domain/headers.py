"""Which headers may pass the door, in either direction."""

from base64 import b64decode
from collections.abc import Iterable, Iterator
from hashlib import sha256

Header = tuple[bytes, bytes]

# RFC 9110 §7.6.1, and the older ones it names.
HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding "
    b"upgrade".split()
)
# Credentials end at the door; the rest the platform sets itself, so a client's word for it counts for nothing.
_ENDS_HERE = frozenset(
    b"authorization x-api-key cookie host expect forwarded x-request-id x-timeout-ms traceparent "
    b"tracestate idempotency-key".split()
)
_INTERNAL_PREFIXES = (b"dapr-", b"x-dapr-", b"grpc-", b"x-forwarded-", b"x-platform-", b":")
# The server in front of us writes its own; the context's headers are written once, by the chassis.
_NOT_FROM_AN_APP = frozenset(
    b"date server x-request-id x-trace-id x-platform-unaudited traceparent tracestate set-cookie alt-svc".split()
)


def forwarded(headers: Iterable[Header]) -> dict[str, str]:
    """The client's headers that an app may see. A header given twice is joined with a comma (RFC 9110 §5.3)."""
    headers = list(headers)
    named = _named_by_connection(headers)
    passed: dict[str, str] = {}
    for name, value in headers:
        if name in HOP_BY_HOP or name in _ENDS_HERE or name in named or name.startswith(_INTERNAL_PREFIXES):
            continue
        key, text = name.decode("latin-1"), value.decode("latin-1")
        passed[key] = f"{passed[key]}, {text}" if key in passed else text
    return passed


def returned(headers: Iterable[Header]) -> Iterator[Header]:
    """An app's headers that the client may see, names in lower case."""
    headers = [(name.lower(), value) for name, value in headers]
    named = _named_by_connection(headers)
    for name, value in headers:
        if name in HOP_BY_HOP or name in _NOT_FROM_AN_APP or name in named:
            continue
        if name.startswith((b"dapr-", b"grpc-", b"access-control-")):
            continue
        yield name, value


def shown_key(headers: Iterable[Header]) -> bytes | None:
    """The SHA-256 of the key a client shows, checked by nobody yet; None when it shows none."""
    found = b""
    for name, value in headers:
        if name == b"authorization":
            scheme, _, key = value.strip().partition(b" ")
            found = key.strip() if scheme.lower() == b"bearer" else b""
            break
        if name == b"x-api-key":
            found = value.strip()
    return sha256(found).digest() if found else None


def from_a_browser(headers: Iterable[Header]) -> list[Header]:
    """A key given as the password of HTTP Basic (RFC 7617), which is all a browser asks for, as a client shows it.

    Only for pages that change nothing: a browser sends it along with whatever another site makes it ask.
    """
    return [(name, _bearer(value) if name == b"authorization" else value) for name, value in headers]


def size(headers: Iterable[Header]) -> int:
    """Bytes on the wire: name, colon, space, value, line end."""
    return sum(len(name) + len(value) + 4 for name, value in headers)


def _bearer(value: bytes) -> bytes:
    scheme, _, credentials = value.strip().partition(b" ")
    if scheme.lower() != b"basic":
        return value
    try:
        return b"Bearer " + b64decode(credentials, validate=True).partition(b":")[2]
    except ValueError:
        return b""


def _named_by_connection(headers: list[Header]) -> frozenset[bytes]:
    for name, value in headers:
        if name == b"connection":
            return frozenset(word.strip().lower() for word in value.split(b","))
    return frozenset()
