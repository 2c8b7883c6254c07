"""What event-processor's own routes speak, and what it tells on the bus.

`log`: events, streams, quarantine · `tree`: what led to what · `letters`: dead letters ·
`projections` · `replays` · `schemas`: which events there are
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
from contracts.event_processor.projections import (
    KEYS,
    PROJECTIONS,
    ROWS,
    Column,
    Pointer,
    Projection,
    ProjectionCheck,
    ProjectionDefinition,
    ProjectionRow,
    ShortName,
)
from contracts.event_processor.replays import REPLAYED, Replay, Replayed
from contracts.event_processor.schemas import EventSchema, EventSchemaWhole
from contracts.event_processor.tree import Tree, TreeNode

__all__ = [
    "APPENDED",
    "AT_ONCE",
    "KEYS",
    "PAGE",
    "PROJECTIONS",
    "REPLAYED",
    "ROWS",
    "WAIT",
    "Append",
    "Appended",
    "Asked",
    "Chosen",
    "Column",
    "DeadLetter",
    "DeadLetterWhole",
    "EventSchema",
    "EventSchemaWhole",
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
    "Pointer",
    "Projection",
    "ProjectionCheck",
    "ProjectionDefinition",
    "ProjectionRow",
    "Quarantined",
    "Replay",
    "Replayed",
    "ShortName",
    "StoredEvent",
    "Text",
    "Tree",
    "TreeNode",
]
