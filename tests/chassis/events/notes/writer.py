"""note-service: a route whose change tells an event."""

from fastapi import FastAPI
from pydantic import BaseModel

from chassis import AppSettings, Database, Principal, Router, create_app

from .contracts import NoteAdded

router = Router()


class Settings(AppSettings, app_id="note-service"):
    """Nothing of its own."""


class NewNote(BaseModel):
    note: str
    text: str = ""


@router.post("/notes", status_code=201, audit="note.add")
async def add(new: NewNote, who: Principal, db: Database) -> None:
    async with db.change(who) as change:
        change.publish(NoteAdded(note=new.note, text=new.text))


def create(settings: Settings) -> FastAPI:
    return create_app(settings, routers=[router], provide=[Database])
