"""The owners of events, asked for those that the bus lost."""

from types import new_class

from apps.event_processor.domain import catalogue
from chassis import EventSource

SOURCES: list[type] = [
    new_class(f"EventsOf:{owner}", (EventSource,), {"app_id": owner}) for owner in catalogue.owners()
]
