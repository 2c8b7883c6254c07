"""What somebody with all rights on the database could do to a trail: one random change at a time.

`.venv/bin/python -m pytest tests/audit_service/test_tampering.py` tries a few hundred; `make tamper` ten thousand.
"""

import random
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import asyncpg

TABLES = ("chain", "entries", "checkpoints", "nodes", "exported", "tombstones")
ENTRY_COLUMNS = ("action", "actor", "service", "request_id", "trace_id", "outcome")


class Tamperer:
    """Changes the trail of tenant `local` as its owner, and takes the change back."""

    def __init__(self, connection: asyncpg.Connection, dice: random.Random) -> None:
        self._run = connection
        self._dice = dice
        self.size = 0

    async def remember(self) -> None:
        """What `restore` goes back to."""
        self.size = await self._run.fetchval("SELECT count(*) FROM append_only.chain")
        await self._run.execute("CREATE SCHEMA before")
        for table in TABLES:
            await self._run.execute(f"CREATE TABLE before.{table} AS TABLE append_only.{table}")

    async def restore(self) -> None:
        for table in TABLES:
            await self._run.execute(f"DELETE FROM append_only.{table}")
            await self._run.execute(f"INSERT INTO append_only.{table} TABLE before.{table}")

    @property
    def kinds(self) -> list[Callable[[], Any]]:
        return [self.flip, self.delete, self.insert, self.swap, self.truncate, self.replay, self.rewrite]

    async def flip(self) -> None:
        """One bit of bytes, or one value that entries are searched by."""
        index = self._dice.randrange(self.size)
        table, column = self._dice.choice([("entries", "entry"), ("chain", "leaf"), ("chain", "hash"), ("entries", "")])
        if not column:
            column = self._dice.choice(ENTRY_COLUMNS)
            await self._run.execute(
                f"UPDATE append_only.entries SET {column} = {column} || 'x' WHERE index = $1", index
            )
            return
        old = bytearray(await self._run.fetchval(f"SELECT {column} FROM append_only.{table} WHERE index = $1", index))
        old[self._dice.randrange(len(old))] ^= 1 << self._dice.randrange(8)
        await self._run.execute(f"UPDATE append_only.{table} SET {column} = $1 WHERE index = $2", bytes(old), index)

    async def delete(self) -> None:
        """A row of the entries, of the chain, of both, or a checkpoint."""
        index = self._dice.randrange(self.size)
        tables = self._dice.choice([("entries",), ("chain",), ("chain", "entries"), ("checkpoints",)])
        for table in tables:
            if table == "checkpoints":
                await self._run.execute(
                    "DELETE FROM append_only.checkpoints WHERE size = "
                    "(SELECT size FROM append_only.checkpoints ORDER BY random() LIMIT 1)"
                )
            else:
                await self._run.execute(f"DELETE FROM append_only.{table} WHERE index = $1", index)

    async def insert(self) -> None:
        """An invented entry among the others, all later ones moved and chained anew, or one beside the chain."""
        entries = await self._entries()
        invented = entries[self._dice.randrange(self.size)].replace(b"developer", b"somebody")
        if self._dice.random() < 0.3:
            await self._run.execute(
                "INSERT INTO append_only.entries SELECT tenant, $1, entry, occurred_at, action, outcome, actor_type, "
                "actor, acting_for, service, request_id, trace_id, targets, words, schema_version, flaws "
                "FROM append_only.entries WHERE index = 0",
                -1 - self._dice.randrange(9),
            )
            return
        entries.insert(self._dice.randrange(self.size), invented)
        await self._chain_anew(entries)

    async def swap(self) -> None:
        """Two entries change places, with or without the chain made anew."""
        one, other = self._dice.sample(range(self.size), 2)
        entries = await self._entries()
        entries[one], entries[other] = entries[other], entries[one]
        if self._dice.random() < 0.5:
            await self._chain_anew(entries)
            return
        for table in ("chain", "entries"):
            for old, new in ((one, -1), (other, one), (-1, other)):
                await self._run.execute(f"UPDATE append_only.{table} SET index = $2 WHERE index = $1", old, new)

    async def truncate(self) -> None:
        """The last entries go, and every checkpoint that knew them."""
        size = self._dice.randrange(self.size)
        for table, column in (("chain", "index"), ("entries", "index"), ("checkpoints", "size"), ("exported", "size")):
            least = size if column == "index" else size + 1
            await self._run.execute(f"DELETE FROM append_only.{table} WHERE {column} >= $1", least)

    async def replay(self) -> None:
        """An entry stands in the place of another, everything after it chained anew."""
        one, other = self._dice.sample(range(self.size), 2)
        entries = await self._entries()
        entries[one] = entries[other]
        await self._chain_anew(entries, unsigned=self._dice.random() < 0.5)

    async def rewrite(self) -> None:
        """One entry says something else, chain and tree are made anew from the beginning, what is signed is gone."""
        entries = await self._entries()
        index = self._dice.randrange(self.size)
        entries[index] = entries[index].replace(b'"succeeded"', b'"denied"')
        await self._chain_anew(entries, unsigned=True)

    async def _entries(self) -> list[bytes]:
        return [bytes(row[0]) for row in await self._run.fetch("SELECT entry FROM append_only.entries ORDER BY index")]

    async def _chain_anew(self, entries: list[bytes], *, unsigned: bool = False) -> None:
        """All that follows from the entries, as the app would have written it; all but signatures."""
        previous, links = bytes(32), []
        for entry in entries:
            leaf = sha256(b"\0" + entry).digest()
            previous = sha256(previous + leaf).digest()
            links.append((leaf, previous))
        await self._run.execute("DELETE FROM append_only.chain")
        await self._run.execute("DELETE FROM append_only.entries")
        first = "SELECT * FROM before.entries WHERE index = $2"
        for index, (entry, (leaf, digest)) in enumerate(zip(entries, links, strict=True)):
            await self._run.execute(
                "INSERT INTO append_only.chain (tenant, index, id, leaf, hash) "
                "SELECT 'local', $1, coalesce((SELECT id FROM before.chain AS c WHERE c.leaf = $2 AND NOT EXISTS "
                "(SELECT FROM append_only.chain AS k WHERE k.id = c.id)), gen_random_uuid()), $2, $3",
                index, leaf, digest,
            )  # fmt: skip
            await self._run.execute(
                "INSERT INTO append_only.entries SELECT 'local', $1, $3, e.occurred_at, e.action, "
                "j.value->>'outcome', e.actor_type, j.value->'actor'->>'id', e.acting_for, e.service, "
                "j.value->>'request_id', e.trace_id, e.targets, e.words, e.schema_version, e.flaws "
                f"FROM ({first}) AS e, (SELECT convert_from($3, 'UTF8')::jsonb AS value) AS j",
                index, 0, entry,
            )  # fmt: skip
        if unsigned:
            for table in ("checkpoints", "nodes", "exported"):
                await self._run.execute(f"DELETE FROM append_only.{table}")
