"""What event-processor's own routes speak, and what it tells on the bus.

`log`: events, streams, quarantine · `tree`: what led to what · `letters`: dead letters
"""

from contracts.event_processor.letters import (
    AT_ONCE,
    DeadLetter,
    DeadLetterWhole,
    LetterReason,
    LetterReplay,
    LettersChosen,
    LettersPurged,
    LettersQuery,
    LettersReplayed,
)
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
    "AT_ONCE",
    "PAGE",
    "WAIT",
    "Append",
    "Appended",
    "Asked",
    "Chosen",
    "DeadLetter",
    "DeadLetterWhole",
    "EventType",
    "EventsQuery",
    "Judged",
    "LetterReason",
    "LetterReplay",
    "LettersChosen",
    "LettersPurged",
    "LettersQuery",
    "LettersReplayed",
    "Name",
    "NewEvent",
    "Quarantined",
    "StoredEvent",
    "Text",
    "Tree",
    "TreeNode",
]
