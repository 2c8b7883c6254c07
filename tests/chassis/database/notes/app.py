from fastapi import FastAPI

from chassis import Principal, Router, create_app

from .settings import Settings
from .store import NoteStore

router = Router()


@router.post("/notes", status_code=201, no_audit="only a test")
async def add(who: Principal, store: NoteStore) -> None:
    async with store.db.change(who) as change:
        await store.add(change, "a note")


@router.get("/notes/count")
async def count(who: Principal, store: NoteStore) -> int:
    return await store.count(who)


def create(settings: Settings) -> FastAPI:
    return create_app(settings, routers=[router], provide=[NoteStore])
