"""When a trigger fires, and what it tells then."""

from typing import Any

from apps.event_processor.domain.catalogue import OWN
from apps.event_processor.domain.entries import check_type
from apps.event_processor.domain.errors import EndlessTrigger
from apps.event_processor.domain.projections import NOTHING, at, document_of
from contracts.event_processor import Condition, Firing, StoredEvent, TriggerDefinition

ACTOR = "trigger/"  # begins the actor of what a trigger tells


def check(definition: TriggerDefinition) -> None:
    """Raises ForeignType, and EndlessTrigger for one that may choose what it tells itself."""
    emit, chosen = definition.emit, definition.events
    check_type(emit.type)
    if (
        (not chosen.type or emit.type in chosen.type)
        and chosen.category in (None, OWN)
        and chosen.stream in (None, f"{OWN}/{emit.stream}")
    ):
        raise EndlessTrigger(f"It would fire on the {emit.type} that it tells itself. Choose events by other types.")


def fires(definition: TriggerDefinition, event: StoredEvent) -> Firing | None:
    """What it tells because of this event, None when it does not fire."""
    document, emit = document_of(event), definition.emit
    if not all(_holds(condition, at(document, condition.at)) for condition in definition.when):
        return None
    taken = {name: at(document, pointer) for name, pointer in emit.taken.items()}
    data = {**emit.data, **{name: value for name, value in taken.items() if value is not NOTHING}}
    return Firing(position=event.position, event=event.id, stream=f"{OWN}/{emit.stream}", type=emit.type, data=data)


def _holds(condition: Condition, value: Any) -> bool:
    asked = condition.value
    if condition.op == "exists":
        return (value is not NOTHING) == bool(asked)
    if value is NOTHING:
        return condition.op == "ne"
    if condition.op in ("eq", "ne"):
        return _same(value, asked) == (condition.op == "eq")
    if condition.op == "in":
        return isinstance(asked, list) and any(_same(value, each) for each in asked)
    if condition.op == "contains":
        if isinstance(value, str):
            return isinstance(asked, str) and asked in value
        return isinstance(value, list) and any(_same(each, asked) for each in value)
    if not _comparable(value, asked):
        return False
    if condition.op in ("lt", "le"):
        return bool(value < asked or (condition.op == "le" and value == asked))
    return bool(value > asked or (condition.op == "ge" and value == asked))


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)  # to Python, 1 is True


def _comparable(one: Any, other: Any) -> bool:
    if isinstance(one, str):
        return isinstance(other, str)
    return all(isinstance(each, int | float) and not isinstance(each, bool) for each in (one, other))
