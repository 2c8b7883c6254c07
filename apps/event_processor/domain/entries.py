"""What may enter the store: what is of a known type, from its owner, and true to its contract."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from apps.event_processor.domain import catalogue
from apps.event_processor.domain.errors import ForeignType, VersionConflict
from apps.event_processor.domain.upcasting import upcast
from contracts.event_processor import Append

UNKNOWN_TENANT = "platform"  # whose what cannot be read is: nobody's who has not every right


class Invalid(Exception):
    """It is no event; the text says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event, ready to be stored. `data` is JSON."""

    tenant: str
    source: str
    id: str
    subject: str
    type: str
    version: int
    sequence: int | None
    time: datetime
    actor: str
    correlation_id: str
    causation_id: str
    traceparent: str | None
    data: bytes

    @property
    def trace_id(self) -> str:
        return (self.traceparent or "")[3:35]

    @property
    def tells_of_failure(self) -> bool:
        return self.type.endswith(catalogue.FAILED)


def check(kind: str, source: str, data: Any) -> None:
    """Raises Invalid for an event that its owner never tells, or tells otherwise."""
    if kind not in catalogue.types():
        kind, data = upcast(kind, data)  # a version that contracts have left behind
    model = catalogue.types().get(kind)
    if model is None:
        raise Invalid(f"{kind} is no type of event that contracts know")
    if source != catalogue.owner_of(kind):
        raise Invalid(f"{source} is not who tells of {kind}")
    try:
        model.model_validate(data)
    except ValidationError as error:
        fields = sorted({".".join(str(part) for part in each["loc"]) or "data" for each in error.errors()})
        raise Invalid(f"not valid as {kind}: {', '.join(fields[:10])}") from None


def moment(time: str) -> datetime:
    """Raises Invalid."""
    try:
        read = datetime.fromisoformat(time)
    except ValueError:
        raise Invalid("time is no RFC 3339 timestamp") from None
    if read.tzinfo is None:
        raise Invalid("time has no offset from UTC")
    return read


def check_append(asked: Append, version: int) -> None:
    """Whether it may go to its stream, which has `version` now. Raises VersionConflict, ForeignType."""
    if asked.expected_version is not None and asked.expected_version != version:
        raise VersionConflict(
            f"{asked.stream} has version {version}, not {asked.expected_version}. Read what was added and decide anew.",
            headers={"X-Current-Version": str(version)},
        )
    for event in asked.events:
        check_type(event.type)


def check_type(kind: str) -> None:
    """Whether everybody may tell of it. Raises ForeignType."""
    if catalogue.owner_of(kind) in catalogue.owners():
        raise ForeignType(f"{kind}: that name is {catalogue.owner_of(kind)}'s. Choose one of your own.")


def traceparent_of(trace_id: str) -> str | None:
    """A place in the trace of what is told once more, or because of it."""
    return f"00-{trace_id}-{trace_id[:15]}1-01" if trace_id else None
