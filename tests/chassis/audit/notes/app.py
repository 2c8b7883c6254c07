"""Notes in a database, and letters that are sent outside: one of everything that leaves a trail."""

import asyncio
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import Column, Integer, MetaData, Table, Text, func, insert, select
from starlette.responses import StreamingResponse

from chassis import AppError, Change, Database, Ended, Principal, Router, create_app, unresolved

from .settings import Settings

notes = Table(
    "notes",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("text", Text, nullable=False),
)


class NewNote(BaseModel):
    text: str


class NotYours(AppError):
    code, status, title, fault = "note.not-yours", 403, "The note is somebody else's", "client"


class Full(AppError):
    code, status, title, fault = "note.full", 409, "There is no more room", "client"


class Notes:
    def __init__(self, db: Database) -> None:
        self.db = db
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.sent: list[str] = []  # what the outside got
        self.ends: dict[str, Ended | None] = {}  # what there is to find out about it later

    async def insert(self, change: Change, text: str) -> int:
        row = insert(notes).values(tenant=change.tenant, text=text).returning(notes.c.id)
        number: int = await change.scalar(row)
        return number

    async def add(self, text: str, who: Principal) -> dict[str, Any]:
        async with self.db.change(who) as change:
            number = await self.insert(change, text)
            change.audit(("note", str(number)), length=len(text))
            self.begun.set()
            await self.go_on.wait()
        if text == "forbidden":
            raise NotYours("Write your own.")
        if text == "bug":
            raise RuntimeError("pya_secret_in_a_message")
        return {"id": number, "text": text, "notes": await self.count(who)}

    async def count(self, who: Principal) -> int:
        async with self.db.read(who) as read:
            found: int = await read.scalar(select(func.count()).where(notes.c.tenant == read.tenant))
            return found

    async def two(self, who: Principal) -> None:
        """The first stays, the second is undone alone."""
        async with self.db.change(who) as change:
            await self.insert(change, "first")
        try:
            async with self.db.change(who) as change:
                await self.insert(change, "second")
                raise Full("no room")
        except Full:
            pass
        await asyncio.gather(self.count(who), self.count(who))

    async def send(self, text: str, who: Principal) -> dict[str, str]:
        async with self.db.change(who, at_once=True) as change:
            await change.intend(("letter", text), letter=text)
        self.sent.append(text)
        self.begun.set()
        await self.go_on.wait()
        if text == "refused":
            raise Full("The post office is full.")
        if text == "lost":
            unresolved()
        return {"letter": text}

    async def ended(self, entry: dict[str, Any]) -> Ended | None:
        return self.ends.get(entry["metadata"]["letter"])


router = Router(prefix="/notes")


@router.post("", status_code=201, audit="note.add")
async def add(new: NewNote, who: Principal, notes: Notes) -> dict[str, Any]:
    return await notes.add(new.text, who)


@router.post("/two", status_code=204, response_model=None, audit="note.two")
async def two(who: Principal, notes: Notes) -> None:
    await notes.two(who)


@router.delete("/{note}/words/{word}", status_code=204, response_model=None, audit="note.forget")
async def forget(note: str, word: str) -> None:
    """Changes nothing that is kept here."""


@router.post("/stream", audit="note.stream")
async def stream(who: Principal, notes: Notes) -> StreamingResponse:
    await notes.add("streamed", who)

    async def parts():
        yield b"one "
        await notes.go_on.wait()
        yield b"two"

    return StreamingResponse(parts())


@router.post("/counted", status_code=204, response_model=None, no_audit="only a test")
async def unaudited(who: Principal, notes: Notes) -> None:
    await notes.add("counted", who)


@router.post("/letters", status_code=201, audit="letter.send")
async def send(new: NewNote, who: Principal, notes: Notes) -> dict[str, str]:
    return await notes.send(new.text, who)


@router.get("/count")
async def count(who: Principal, notes: Notes) -> int:
    return await notes.count(who)


def create(settings: Settings) -> FastAPI:
    return create_app(settings, routers=[router], provide=[Notes], outcomes=Notes)
