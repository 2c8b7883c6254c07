"""The use cases."""

from apps.event_processor.service.bell import Bell
from apps.event_processor.service.following import Follower
from apps.event_processor.service.keeping import Keeper
from apps.event_processor.service.letters import Letters
from apps.event_processor.service.projections import Projections
from apps.event_processor.service.pump import Pump
from apps.event_processor.service.reading import Reader, Trees
from apps.event_processor.service.replaying import Replays
from apps.event_processor.service.retaining import Rules
from apps.event_processor.service.subscribing import Subscriptions
from apps.event_processor.service.triggering import Triggers
from apps.event_processor.service.writing import Writer

SERVICES = (
    Bell, Follower, Keeper, Letters, Projections, Pump, Reader, Replays, Rules, Subscriptions, Trees, Triggers, Writer,
)  # fmt: skip
__all__ = [
    "SERVICES",
    "Bell",
    "Follower",
    "Keeper",
    "Letters",
    "Projections",
    "Pump",
    "Reader",
    "Replays",
    "Rules",
    "Subscriptions",
    "Trees",
    "Triggers",
    "Writer",
]
