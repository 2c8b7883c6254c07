"""The content of attachments, served from URLs that expire, as Airtable's do after about two hours."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import mimetypes
from typing import Any
from urllib.parse import quote

from sandbox.airtable import errors
from sandbox.airtable.clock import Clock
from sandbox.airtable.http import Response

MOST_BYTES = 5 * 1024 * 1024
#: URLs change once in `STEP` seconds and are then good for two more, so one just read lasts at least 2 hours.
STEP = 3600


class Files:
    """`origin` is where the simulator is reached; `key` signs the URLs."""

    def __init__(self, clock: Clock, key: bytes, origin: str) -> None:
        self.clock, self.key, self.origin = clock, key, origin
        self.contents: dict[str, bytes] = {}

    def clear(self) -> None:
        self.contents.clear()

    def keep(self, attachment_id: str, content: bytes) -> None:
        self.contents[attachment_id] = content

    def step(self) -> int:
        return int(self.clock.seconds()) // STEP

    def url(self, attachment: dict[str, Any]) -> str:
        expires = (self.step() + 3) * STEP
        name = quote(attachment["filename"], safe="")
        return f"{self.origin}/v3/u/{expires}/{self._mac(attachment['id'], expires)}/{attachment['id']}/{name}"

    def serve(self, segments: list[str]) -> Response:
        """410 after the expiry (unverified), 404 for whatever was never signed."""
        expires, mac, attachment_id, name = segments
        if not (expires.isascii() and expires.isdecimal() and len(expires) < 12):
            raise errors.not_found()
        if not hmac.compare_digest(self._mac(attachment_id, int(expires)).encode(), mac.encode()):
            raise errors.not_found()
        if self.clock.seconds() >= int(expires):
            raise errors.link_expired()
        content = self.contents.get(attachment_id)
        if content is None:
            raise errors.not_found()
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        # Never shown by a browser as a page of this origin.
        headers = {"content-type": kind, "content-disposition": "attachment", "x-content-type-options": "nosniff"}
        return Response(200, content, headers)

    def _mac(self, attachment_id: str, expires: int) -> str:
        return hmac.new(self.key, f"{attachment_id}/{expires}".encode(), hashlib.sha256).hexdigest()[:32]


def uploaded(content: Any) -> tuple[str, str, bytes]:
    """Name, type and bytes of an upload's body. Base64 may have line breaks, as pyairtable's has."""
    if not isinstance(content, dict):
        raise errors.invalid_request()
    for key in ("contentType", "file", "filename"):
        if key not in content:
            raise errors.missing(key)
    kind, encoded, name = content["contentType"], content["file"], content["filename"]
    if not all(isinstance(part, str) and part for part in (kind, encoded, name)):
        raise errors.invalid_request()
    try:
        decoded = base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError):
        raise errors.invalid_request("file is not Base64.") from None
    if len(decoded) > MOST_BYTES:
        raise errors.too_large()
    return name, kind, decoded
