"""The log: read, wait, append; the tree of a request; what is no event."""

from typing import Annotated

from fastapi import Header, Path, Query, Response
from starlette.responses import StreamingResponse

from apps.event_processor.service import Follower, Keeper, Reader, Trees, Writer
from chassis import Principal, Router
from contracts.event_processor import Append, Appended, EventsQuery, Judged, Quarantined, StoredEvent, Text, Tree
from contracts.listing import Listing

router = Router(prefix="/api/v1/events", tags=["Events"])

EVENT_STREAM = "text/event-stream"  # the gateway, like a sidecar, asks for it with nothing beside
Id = Annotated[Text, Path(max_length=200, description="Of an event, a request or a trace.")]
Before = Annotated[int, Query(ge=1, le=2**62, alias="cursor", description="`next` of the page before.")]


@router.get("", summary="Read events", response_model=Listing[StoredEvent])
async def list_events(
    asked: Annotated[EventsQuery, Query()],
    who: Principal,
    reader: Reader,
    follower: Follower,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
    last_event_id: Annotated[int | None, Header(ge=0, le=2**62)] = None,
) -> Listing[StoredEvent] | Response:
    """All, of a stream, a category, types, a request or a trace; forwards, backwards, or waiting for the next one.

    `Accept: text/event-stream` follows the log without an end, beyond the position `Last-Event-ID` or `cursor`; other
    parameters than filters do not matter then. Raises TooManyReaders (503)."""
    if accept == EVENT_STREAM:
        after = asked.cursor or 0 if last_event_id is None else last_event_id
        return StreamingResponse(await follower.follow(asked, after, who), media_type=EVENT_STREAM)
    return await reader.page(asked, who)


@router.post("", status_code=201, audit="events.append", summary="Append events to a stream of your own")
async def append_events(asked: Append, who: Principal, writer: Writer) -> Appended:
    """All or none. Raises VersionConflict (409, the version in X-Current-Version), ForeignType (422)."""
    return await writer.append(asked, who)


@router.get(
    "/tree/{id}", summary="What led to what", response_model=Tree, responses={200: {"content": {"text/plain": {}}}}
)
async def tree(
    id: Id, who: Principal, trees: Trees, accept: Annotated[str, Header(include_in_schema=False)] = ""
) -> Tree | Response:
    """The whole tree of a request, by the id of any of its events, its own or its trace's; as text for who accepts
    text/plain. Raises UnknownEvent (404)."""
    grown = await trees.of(id, who)
    return Response(grown.text, media_type="text/plain") if accept.startswith("text/plain") else grown


@router.get("/quarantine", summary="List what came as an event and is none")
async def list_quarantined(who: Principal, keeper: Keeper, cursor: Before = 2**62) -> Listing[Quarantined]:
    """Newest first, with the reason."""
    return await keeper.quarantined(who, cursor)


@router.post("/quarantine/{id}/retry", audit="events.judge-again", summary="Look at a quarantined event again")
async def judge_again(id: Annotated[int, Path(ge=1, le=2**62)], who: Principal, keeper: Keeper) -> Judged:
    """It enters the store when contracts know it by now. Raises UnknownQuarantined (404)."""
    return await keeper.judge_again(id, who)


@router.delete(
    "/quarantine/{id}", status_code=204, response_model=None, audit="events.purge", summary="Delete a quarantined event"
)
async def purge_quarantined(id: Annotated[int, Path(ge=1, le=2**62)], who: Principal, keeper: Keeper) -> None:
    """For good. Raises UnknownQuarantined (404)."""
    await keeper.purge(id, who)


@router.get("/{id}", summary="Get an event")
async def get_event(id: Id, who: Principal, reader: Reader) -> StoredEvent:
    """Raises UnknownEvent (404)."""
    return await reader.event(id, who)
