from sqlalchemy import Column, Integer, MetaData, Table, Text, func, insert, select

from chassis import Change, Database, Principal

notes = Table(
    "notes",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("text", Text, nullable=False),
)


class NoteStore:
    def __init__(self, db: Database) -> None:
        self.db = db

    async def add(self, change: Change, text: str) -> None:
        await change.execute(insert(notes).values(tenant=change.tenant, text=text))

    async def count(self, who: Principal) -> int:
        async with self.db.read(who) as read:
            return await read.scalar(select(func.count()).where(notes.c.tenant == read.tenant))
