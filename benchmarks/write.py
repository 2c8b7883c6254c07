"""`python -m benchmarks.write`: what outbox, inbox, idempotency and audit add to a write, against a bare insert.

Requests to one app in this process, on a PostgreSQL of its own with fsync on, the kinds in turns. Each inserts one row
in one transaction; the kinds differ in what is written along with it. The relays that take events and entries out of
the database again run meanwhile, in the same process, against a fake sidecar. Its server is warm before it counts.
"""

import argparse
import asyncio
import itertools
import statistics
import tempfile
import time
from pathlib import Path
from typing import ClassVar

from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import text

from benchmarks import result
from chassis import AppSettings, Change, Database, Principal, Router, create_app, subscribe, uuid7
from chassis._events import MEDIA_TYPE, envelope
from chassis.testing import AppClient, FakeDapr
from tests.postgres import Postgres

APP = "write-service"
WHO = Principal("developer", "local")
INSERT = text("INSERT INTO written (text) VALUES ('a row of some length, as people write them')")
router = Router(prefix="/write")


class Settings(AppSettings, app_id=APP):
    log_level: str = "error"


class Written(BaseModel):
    TOPIC: ClassVar[str] = f"{APP}.written"
    TYPE: ClassVar[str] = f"{APP}.written.v1"

    row: str

    @property
    def subject(self) -> str:
        return self.row


class Rows:
    def __init__(self, db: Database) -> None:
        self.db = db

    async def start(self) -> None:
        async with self.db.change(WHO) as change:
            await change.execute(
                text("CREATE TABLE IF NOT EXISTS written (id bigserial PRIMARY KEY, text text NOT NULL)")
            )

    async def add(self, *, tell: bool = False) -> None:
        async with self.db.change(WHO) as change:
            await change.execute(INSERT)
            if tell:
                change.publish(Written(row=str(uuid7())))


@router.post("/bare", status_code=204, response_model=None, no_audit="what the others are compared with")
async def bare(who: Principal, rows: Rows) -> None:
    await rows.add()


@router.post("/told", status_code=204, response_model=None, no_audit="only the outbox")
async def told(who: Principal, rows: Rows) -> None:
    await rows.add(tell=True)


@router.post("/audited", status_code=204, response_model=None, audit="row.write")
async def audited(who: Principal, rows: Rows) -> None:
    await rows.add()


@router.post("/everything", status_code=204, response_model=None, audit="row.write")
async def everything(who: Principal, rows: Rows) -> None:
    await rows.add(tell=True)


@subscribe(Written)
async def heard(event: Written, change: Change) -> None:
    await change.execute(INSERT)


def create(settings: Settings) -> FastAPI:
    return create_app(settings, routers=[router], provide=[Rows], subscriptions=[heard])


class Kinds:
    """One request of each kind."""

    def __init__(self, client: AppClient, dapr: FakeDapr) -> None:
        self._client, self._dapr = client, dapr
        self._number = itertools.count()

    async def ask(self, kind: str) -> None:
        if kind == "inbox":
            event = Written(row=str(next(self._number)))
            told = envelope(
                event, event.model_dump_json().encode(), id=uuid7(), who=WHO, context=None, subject_sequence=1
            )
            path, headers = f"/dapr/events/{Written.TOPIC}", {"content-type": MEDIA_TYPE}
            answer = await self._client.post(path, body=told, headers=headers)
        else:
            path, _, keyed = kind.partition(" + ")
            headers = {"idempotency-key": f"k{next(self._number)}"} if keyed else {}
            answer = await self._client.post(f"/write/{path}", headers=headers)
        assert answer.status == 204, answer


KINDS = ("bare", "told", "inbox", "audited", "audited + key", "everything + key")


async def measure(rounds: int, folder: Path) -> dict[str, float]:
    """Median milliseconds of each kind."""
    server = await asyncio.to_thread(Postgres, folder, durable=True)
    seconds: dict[str, list[float]] = {kind: [] for kind in KINDS}
    try:
        async with FakeDapr() as dapr:
            dapr.secrets[f"database-url/{APP}"] = await server.new_database(APP)
            dapr.bus.loses = True  # the inbox has requests of its own
            async with AppClient(create(Settings(**dapr.settings())), dapr.headers()).running() as client:
                kinds = Kinds(client, dapr)
                for number in range(rounds + rounds // 10):
                    for kind in KINDS if number % 2 else reversed(KINDS):
                        began = time.perf_counter()
                        await kinds.ask(kind)
                        if number >= rounds // 10:
                            seconds[kind].append(time.perf_counter() - began)
    finally:
        await asyncio.to_thread(server.close)
    return {kind: statistics.median(each) * 1000 for kind, each in seconds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=500)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another user when we are root, and must get through
        taken = asyncio.run(measure(asked.rounds, Path(folder)))
    bare = taken["bare"]
    figures = {
        "outbox / bare insert": taken["told"] / bare,
        "inbox / bare insert": taken["inbox"] / bare,
        "audit / bare insert": taken["audited"] / bare,
        "audit and idempotency / bare insert": taken["audited + key"] / bare,
        "outbox, audit and idempotency / bare insert": taken["everything + key"] / bare,
        "bare insert, ms": bare,
    }
    result.save("write", figures, rounds=asked.rounds, fsync="on")


if __name__ == "__main__":
    main()
