"""What event-processor's own routes speak, and what it tells on the bus.

`log`: events, streams, quarantine · `tree`: what led to what
"""

from contracts.event_processor.log import (
    APPENDED,
    PAGE,
    WAIT,
    Append,
    Appended,
    Asked,
    Chosen,
    EventsQuery,
    EventType,
    Judged,
    Name,
    NewEvent,
    Quarantined,
    StoredEvent,
    Text,
)
from contracts.event_processor.tree import Tree, TreeNode

__all__ = [
    "APPENDED",
    "PAGE",
    "WAIT",
    "Append",
    "Appended",
    "Asked",
    "Chosen",
    "EventType",
    "EventsQuery",
    "Judged",
    "Name",
    "NewEvent",
    "Quarantined",
    "StoredEvent",
    "Text",
    "Tree",
    "TreeNode",
]
