"""All that a state file keeps, as one line that replaces the lines before it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from sandbox.airtable.base_document import base_of, document_of

if TYPE_CHECKING:
    from sandbox.airtable.state import Sandbox

PLANE = "checkpoint"


def taken(sandbox: Sandbox) -> dict[str, Any]:
    """To be turned into JSON before the next write."""
    contents = sandbox.files.contents
    return {
        "plane": PLANE,
        "drawn": sandbox.ids.drawn,
        "access": sandbox.access_seed,
        "bases": [document_of(base) for base in sandbox.bases.values()],
        "webhooks": sandbox.webhooks.documents(),
        "snapshots": sandbox.snapshots.documents(),
        "files": {attachment_id: base64.b64encode(content).decode() for attachment_id, content in contents.items()},
    }


def put_back(checkpoint: dict[str, Any], sandbox: Sandbox) -> None:
    sandbox.reset(checkpoint["access"] | {"bases": []})
    sandbox.ids.restore(checkpoint["drawn"])
    for attachment_id, content in checkpoint["files"].items():
        sandbox.files.keep(attachment_id, base64.b64decode(content))
    sandbox.put([base_of(document) for document in checkpoint["bases"]])
    sandbox.snapshots.put_back(checkpoint["snapshots"])
    sandbox.webhooks.put_back(checkpoint["webhooks"], sandbox.bases)
