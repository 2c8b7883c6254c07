"""What a verdict is."""

from dataclasses import dataclass
from typing import Literal

Cause = Literal[
    "none",
    "unknown",
    "code",
    "config",
    "dependency down",
    "slow",
    "wrong data",
    "denied",
    "airtable",
    "model",
    "capacity",
]


State = Literal["ok", "failed", "slow", "unknown", "not reached"]


@dataclass(frozen=True, slots=True)
class Hop:
    """One station of the request's path. `took` is milliseconds, None where nobody measured."""

    name: str
    state: State
    took: float | None = None


@dataclass(frozen=True, slots=True)
class Remedy:
    """What to do: in words, and as one command."""

    text: str
    command: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found: the cause, who is at fault, in one sentence, what to do, and the process to blame."""

    cause: Cause
    service: str
    summary: str
    remedy: Remedy
    process: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to `why`. `failed` is false when nothing did; then `service` is empty and no one is accused."""

    asked: str
    trace_id: str
    request_id: str
    failed: bool
    cause: Cause
    service: str
    summary: str
    request: str
    path: tuple[Hop, ...]
    evidence: tuple[str, ...]
    missing: tuple[str, ...]
    remedy: Remedy
