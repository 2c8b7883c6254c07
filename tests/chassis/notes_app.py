"""A made-up app with one of everything, for the tests of the chassis."""

import asyncio

from fastapi import FastAPI, Request
from pydantic import BaseModel, Field
from starlette.responses import StreamingResponse

from chassis import AppError, AppSettings, Peer, Principal, Router, create_app, segment


class Settings(AppSettings, app_id="note-service"):
    page_size: int = 100


class NoteTooLong(AppError):
    code, status, title, fault = "note.too-long", 422, "The note is too long", "client"


class UnknownTable(AppError):
    code, status, title, fault = "note.unknown-table", 404, "There is no such table", "client"


class NewNote(BaseModel):
    text: str
    stars: int = Field(0, ge=0, le=5)


class Table(BaseModel):
    id: str


class SchemaService(Peer, app_id="schema-service"):
    async def table(self, name: str) -> Table:
        return await self.get(f"/tables/{segment(name)}", Table, not_found=UnknownTable)


class Notes:
    def __init__(self, schema: SchemaService, settings: Settings) -> None:
        self.schema = schema
        self.settings = settings
        self.begun = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.go_on = asyncio.Event()

    async def wait(self) -> None:
        self.begun.set()
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise


router = Router(prefix="/notes", tags=["notes"])


@router.get("/mine")
async def my_notes(who: Principal, notes: Notes, limit: int = 10) -> dict[str, str | int]:
    return {"user": who.user, "tenant": who.tenant, "page_size": notes.settings.page_size, "limit": limit}


@router.post("/all", status_code=201, no_audit="an app without a database")
async def add_note(new: NewNote) -> NewNote:
    if len(new.text) > 20:
        raise NoteTooLong("At most 20 characters.")
    return new


@router.post("/raw", no_audit="only counts")
async def count(request: Request) -> dict[str, int]:
    return {"bytes": len(await request.body())}


@router.get("/tables/{name}")
async def table_of(name: str, notes: Notes) -> Table:
    return await notes.schema.table(name)


@router.get("/broken")
async def broken() -> None:
    raise RuntimeError("pya_secret_in_a_message Bearer abcdefghijklmnop")


@router.get("/slow")
async def slow(notes: Notes) -> dict[str, bool]:
    await notes.wait()
    return {"done": True}


@router.post("/slow", no_audit="waits")
async def slow_write(notes: Notes) -> dict[str, bool]:
    await notes.wait()
    return {"done": True}


@router.get("/events")
async def events(notes: Notes) -> StreamingResponse:
    async def lines():
        yield b"data: 1\n\n"
        await notes.wait()

    return StreamingResponse(lines(), media_type="text/event-stream")


def create(settings: Settings) -> FastAPI:
    return create_app(settings, routers=[router], provide=[Notes, SchemaService])
