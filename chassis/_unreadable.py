"""What a sidecar cannot read it does not bring to any handler: it puts it to the dead letters, where we find it."""

import base64
import binascii
from typing import Any

import orjson


def dead_letters(app_id: str) -> str:
    return f"dead-letters.{app_id}"


def subscription(app_id: str, pubsub: str) -> dict[str, Any]:
    """An app reads its own dead letters, as the bytes they are."""
    topic = dead_letters(app_id)
    return {
        "pubsubname": pubsub,
        "topic": topic,
        "routes": {"default": f"/dapr/events/{topic}"},
        "metadata": {"rawPayload": "true"},
    }


def problem(body: bytes) -> str:
    """Why no handler got the dead letter that daprd wrapped into `body`; empty for one that a handler gave up."""
    try:
        raw = base64.b64decode(orjson.loads(body)["data_base64"])
    except (orjson.JSONDecodeError, KeyError, TypeError, binascii.Error):
        return ""
    try:
        letter = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return f"the body is not valid JSON, it begins with {raw[:40]!r}"
    return "" if isinstance(letter, dict) else "the body is not a JSON object"
