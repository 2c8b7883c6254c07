"""What led to what: the causation tree of one request."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field


class TreeNode(BaseModel):
    """A command (a request that led to events), an event, or a failure: a handler that gave an event up."""

    id: str
    parent: str | None
    depth: int
    kind: Literal["command", "event", "failure"]
    service: str = Field(description="App-id of who told of it; of a command: of who told first.")
    name: str = Field(description="Type of the event; the handler that failed; `request` for a command.")
    subject: str
    actor: str
    at: datetime = Field(description="Of a command: when its first event happened.")
    after_ms: float = Field(description="Milliseconds after its parent.")
    lasts_ms: float = Field(description="Milliseconds until the last thing that it led to.")
    problem: str | None = None


class Tree(BaseModel):
    """Nodes in reading order: each after its parent, before its parent's next child."""

    asked: str
    trace_ids: list[str]
    services: list[str]
    events: int
    failures: int
    lasts_ms: float
    truncated: bool = Field(description="There are more events than are told here.")
    nodes: list[TreeNode]
    first_failure: str | None = Field(description="Id of the failure that happened first.")
    path: list[str] = Field(description="Ids from the command down to it.")
    text: str = Field(description="The same for people.")
