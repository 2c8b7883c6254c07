"""The request target as it is passed on: byte for byte what the client sent, unless no proxy could carry it."""

import re
from urllib.parse import quote, unquote

from chassis import BadRequest

_ESCAPED = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_VISIBLE = "".join(chr(byte) for byte in range(0x21, 0x7F))


def passed_on(raw_path: bytes, query: bytes) -> str:
    """Path and query, still encoded. Raises BadRequest for what a sidecar would refuse or read differently."""
    if b"%" in raw_path:
        if _ESCAPED.search(raw_path):
            raise BadRequest("The path has a % that no two hexadecimal digits follow; write %25 for a percent sign.")
        if b"%00" in raw_path:
            raise BadRequest("The path has a %00, which no name contains.")
    if b"/." in raw_path or b"%2e" in raw_path.lower():
        for segment in raw_path.split(b"/"):
            if unquote(segment) in (".", ".."):
                raise BadRequest("The path has a segment `.` or `..`; write it without.")
    target = raw_path + b"?" + query if query else raw_path
    # A byte outside of ASCII is not a URL; some clients send it all the same and mean the escaped one.
    return target.decode() if target.isascii() else quote(target, safe=_VISIBLE)
