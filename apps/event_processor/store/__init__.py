"""The only place that knows SQL."""

from apps.event_processor.store.letters import LetterStore
from apps.event_processor.store.log import EventStore
from apps.event_processor.store.projections import ProjectionStore
from apps.event_processor.store.quarantine import QuarantineStore
from apps.event_processor.store.retention import RetentionStore
from apps.event_processor.store.subscriptions import SubscriptionStore
from apps.event_processor.store.triggers import TriggerStore

STORES = (EventStore, LetterStore, ProjectionStore, QuarantineStore, RetentionStore, SubscriptionStore, TriggerStore)
__all__ = [
    "STORES",
    "EventStore",
    "LetterStore",
    "ProjectionStore",
    "QuarantineStore",
    "RetentionStore",
    "SubscriptionStore",
    "TriggerStore",
]
