"""Dead letters: list, inspect, bring again, purge."""

from typing import Annotated

from fastapi import Path, Query

from apps.event_processor.service import Letters
from chassis import Principal, Router
from contracts.event_processor import (
    DeadLetter,
    DeadLetterWhole,
    LetterReplay,
    LettersChosen,
    LettersPurged,
    LettersQuery,
    LettersReplayed,
)
from contracts.listing import Listing

router = Router(prefix="/api/v1/events/dead-letters", tags=["Dead letters"])

Id = Annotated[int, Path(ge=1, le=2**62)]


@router.get("", summary="List dead letters")
async def list_dead_letters(
    asked: Annotated[LettersQuery, Query()], who: Principal, letters: Letters
) -> Listing[DeadLetter]:
    """Newest first, with the reasons their consumers told."""
    return await letters.page(asked, who)


@router.post("/replay", audit="dead-letters.replay", summary="Bring dead letters to their consumers again")
async def replay_dead_letters(chosen: LettersChosen, who: Principal, letters: Letters) -> LettersReplayed:
    """The open ones that are chosen, the oldest first, at most 100. Handlers that had handled one do not run again."""
    return await letters.replay_chosen(chosen, who)


@router.post("/purge", audit="dead-letters.purge", summary="Delete dead letters")
async def purge_dead_letters(chosen: LettersChosen, who: Principal, letters: Letters) -> LettersPurged:
    """All that are chosen. The events themselves stay in the store."""
    return await letters.purge(chosen, who)


@router.get("/{id}", summary="Inspect a dead letter")
async def get_dead_letter(id: Id, who: Principal, letters: Letters) -> DeadLetterWhole:
    """Raises UnknownLetter (404)."""
    return await letters.get(id, who)


@router.post("/{id}/replay", audit="dead-letters.replay-one", summary="Bring a dead letter to its consumer again")
async def replay_dead_letter(id: Id, who: Principal, letters: Letters) -> LetterReplay:
    """Raises UnknownLetter (404), Unreadable (422), NotSubscribed (422), LetterBusy (409), and peer.* when the consumer
    is not there."""
    return await letters.replay(id, who)


@router.delete(
    "/{id}", status_code=204, response_model=None, audit="dead-letters.purge-one", summary="Delete a dead letter"
)
async def purge_dead_letter(id: Id, who: Principal, letters: Letters) -> None:
    """Raises UnknownLetter (404)."""
    await letters.purge_one(id, who)
