"""Stored events, brought to one consumer again."""

from apps.event_processor.service import Replays
from chassis import Principal, Router
from contracts.event_processor import Replay, Replayed

router = Router(prefix="/api/v1/events/replays", tags=["Replays"])


@router.post("", audit="events.replay", summary="Bring events to a consumer again")
async def replay(asked: Replay, who: Principal, replays: Replays) -> Replayed:
    """By stream, type or time, with a dry run and a rate; a batch a request. Raises NotSubscribed (422), peer.*"""
    return await replays.run(asked, who)
