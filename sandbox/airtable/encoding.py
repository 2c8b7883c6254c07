"""Content codings: answers by gzip when the client takes it, as Airtable's are, and bodies of requests by gzip."""

from __future__ import annotations

import functools
import zlib

from sandbox.airtable import errors
from sandbox.airtable.http import MAX_BODY_BYTES, Response

#: Bytes; below it a header costs more than is won.
LEAST = 512
_GZIP = 16 + zlib.MAX_WBITS


def packed(response: Response, accepted: str) -> Response:
    """`accepted` is the request's `Accept-Encoding`. Attachments and pages stay as they are."""
    kind = response.headers.get("content-type", "")
    if len(response.body) < LEAST or not kind.startswith("application/json") or not _takes_gzip(accepted):
        return response
    # The fastest level: a simulator's network is short.
    coder = zlib.compressobj(1, zlib.DEFLATED, _GZIP)
    body = coder.compress(response.body) + coder.flush()
    coded = {"content-encoding": "gzip", "vary": "Accept-Encoding"}
    length = {"airtable-uncompressed-content-length": str(len(response.body))}
    return Response(response.status, body, response.headers | coded | length)


def unpacked(body: bytes, coding: str) -> bytes:
    """Of a request. Raises 413 for what is too much when unpacked, 422 for what is no gzip (both unverified)."""
    if not body or coding.strip().lower() in ("", "identity"):
        return body
    coder = zlib.decompressobj(_GZIP)
    try:
        plain = coder.decompress(body, MAX_BODY_BYTES + 1)
    except zlib.error:
        raise errors.unreadable_body() from None
    if len(plain) > MAX_BODY_BYTES:
        raise errors.too_large()
    if not coder.eof:
        raise errors.unreadable_body()
    return plain


@functools.lru_cache(256)
def _takes_gzip(accepted: str) -> bool:
    """`gzip`, `*` or `x-gzip`, unless it is said that it has no weight at all."""
    for part in accepted.lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() in ("gzip", "x-gzip", "*"):
            return weight.strip().removeprefix("q=").strip("0.") != "" or not weight
    return False
