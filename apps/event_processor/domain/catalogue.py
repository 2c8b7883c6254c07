"""Which events there are: every class with a topic in contracts, and what each app tells of its failures."""

from functools import cache

from pydantic import BaseModel

from apps.event_processor.domain.errors import UnknownType
from contracts import asyncapi, schemas
from contracts.event_processor import EventSchemaWhole

OWN = "event-processor"
FAILED = ".event-failed.v1"
DEAD_LETTERS = "dead-letters"  # begins the topic of each app's


class Failed(BaseModel):
    """What the chassis tells when a handler has given an event up."""

    event: str
    topic: str
    type: str
    handler: str
    attempt: int
    problem: str


@cache
def owners() -> tuple[str, ...]:
    """App-ids of all who may tell of events."""
    return tuple(module.replace("_", "-") for module in schemas.modules())


@cache
def types() -> dict[str, type[BaseModel]]:
    """Type of an event → the model of its data."""
    declared = {str(getattr(event, "TYPE", "")): event for event in asyncapi.events(schemas.modules())}
    return declared | {owner + FAILED: Failed for owner in owners()}


def schema_of(kind: str) -> EventSchemaWhole:
    """Raises UnknownType."""
    model = types().get(kind)
    if model is None:
        raise UnknownType(f"{kind[:100]} is no type of event that contracts know.")
    return EventSchemaWhole(
        type=kind,
        topic=topic_of(kind),
        owner=owner_of(kind),
        version=int(kind.rpartition(".v")[2]),
        about=(model.__doc__ or "").strip().partition("\n")[0],
        data=model.model_json_schema(),
    )


def topics() -> list[str]:
    """Every topic: those of the events, and every app's dead letters."""
    return sorted({topic_of(kind) for kind in types()} | {f"{DEAD_LETTERS}.{owner}" for owner in owners()})


def topic_of(kind: str) -> str:
    return kind.rpartition(".")[0]


def owner_of(kind: str) -> str:
    return kind.partition(".")[0]
