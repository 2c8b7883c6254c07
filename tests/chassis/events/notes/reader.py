"""reader-service: handlers that note what they saw, in the database and in memory."""

from collections.abc import Awaitable, Callable

from fastapi import FastAPI
from sqlalchemy import text

from chassis import AppSettings, Change, Context, Database, EventSource, Principal, create_app, current, subscribe

from .contracts import NoteAdded

Behave = Callable[[NoteAdded], Awaitable[None]]


class Settings(AppSettings, app_id="reader-service"):
    """Nothing of its own."""


class Seen:
    """What the handler saw; `behave` is what it does after its effect."""

    behave: Behave | None

    def __init__(self, db: Database) -> None:
        self.db = db
        self.contexts: list[Context] = []
        self.behave = None

    async def start(self) -> None:
        async with self.db.change(Principal("reader", "local")) as change:
            await change.execute(text("CREATE TABLE IF NOT EXISTS effects (note text, tenant text)"))

    async def effects(self) -> list[str]:
        async with self.db.read(Principal("reader", "local")) as read:
            return [row.note for row in await read.execute(text("SELECT note FROM effects ORDER BY note"))]


@subscribe(NoteAdded)
async def read_note(event: NoteAdded, who: Principal, change: Change, seen: Seen) -> None:
    seen.contexts.append(current())
    async with seen.db.change(who) as own:  # a service's own change, which joins the handler's
        await own.execute(
            text("INSERT INTO effects VALUES (:note, :tenant)"), {"note": event.note, "tenant": own.tenant}
        )
    if seen.behave:
        await seen.behave(event)


class Notes(EventSource, app_id="note-service"):
    """Every note there is."""


def create_complete(settings: Settings) -> FastAPI:
    """A reader that must not miss a note."""
    return create_app(settings, provide=[Seen], subscriptions=[read_note], complete=[Notes])


def create(settings: Settings) -> FastAPI:
    return create_app(settings, provide=[Seen], subscriptions=[read_note])
