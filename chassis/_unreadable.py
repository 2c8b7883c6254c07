"""What a sidecar cannot read it brings to no handler. Whoever must see that too asks for an event's bytes instead."""

import base64
import binascii

import orjson

RAW = {
    "rawPayload": "true"
}  # of a subscription: daprd wraps what is on the bus, whatever it is, into an event of its own


def dead_letters(app_id: str) -> str:
    return f"dead-letters.{app_id}"


def unwrapped(body: bytes) -> bytes:
    """The bytes on the bus, of what came through a RAW subscription."""
    try:
        return base64.b64decode(orjson.loads(body)["data_base64"])
    except (orjson.JSONDecodeError, KeyError, TypeError, binascii.Error):
        return body


def problem(letter: bytes) -> str:
    """Why no handler got this dead letter; empty for one that a handler gave up."""
    try:
        document = orjson.loads(letter)
    except orjson.JSONDecodeError:
        return f"the body is not valid JSON, it begins with {letter[:40]!r}"
    return "" if isinstance(document, dict) else "the body is not a JSON object"
