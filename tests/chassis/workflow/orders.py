"""order-service: a saga of two steps, run as a process of its own so that it can be killed: `python -m … <folder>`.

What its activities did stands in files of the folder, one line an attempt, one file an effect.
"""

import asyncio
import os
import sys
from pathlib import Path

import orjson
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from chassis import AppError, AppSettings, Principal, Router, Saga, StepKey, Steps, Workflows, create_app, current


class Settings(AppSettings, app_id="order-service"):
    folder: str = ""


class SoldOut(AppError):
    code, status, title, fault = "order.sold-out", 409 + 1, "There is none left", "client"


class Order(BaseModel):
    item: str


class Ledger:
    def __init__(self, settings: Settings) -> None:
        self._folder = Path(settings.folder)

    def note(self, what: str, key: str) -> None:
        with (self._folder / "attempts").open("a") as file:
            file.write(f"{what} {key}\n")

    def once(self, what: str, key: str) -> bool:
        """Have an effect once per key; whether it was now."""
        try:
            (self._folder / f"{what}:{key.replace('/', ':')}").touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    async def hang(self) -> None:
        """While the test wants an activity to be under way."""
        while (self._folder / "hold").exists():  # noqa: ASYNC110  the test is another process
            await asyncio.sleep(0.02)


async def pay(order: Order, key: StepKey, ledger: Ledger, who: Principal) -> dict[str, str]:
    ledger.note("pay", key)
    ledger.once("paid", key)
    await ledger.hang()
    return {"user": who.user, "tenant": who.tenant, "trace": current().trace_id, "item": order.item}


async def refund(order: Order, key: StepKey, ledger: Ledger) -> None:
    ledger.note("refund", key)


async def ship(order: Order, key: StepKey, ledger: Ledger) -> None:
    ledger.note("ship", key)
    if order.item == "unicorn":
        raise SoldOut("No unicorns.")


async def call_back(order: Order, key: StepKey, ledger: Ledger) -> None:
    ledger.note("call_back", key)


def sell(saga: Saga, order: dict[str, str]) -> Steps:
    paid = yield saga.step(pay, order, undo=refund)
    yield saga.step(ship, order, undo=call_back)
    return paid


router = Router(prefix="/orders")


@router.post("", status_code=202, no_audit="a test app")
async def begin(order: Order, id: str, workflows: Workflows) -> dict[str, str]:
    return {"id": await workflows.begin(sell, order, id=id)}


@router.get("/{id}")
async def look(id: str, workflows: Workflows) -> dict[str, object]:
    found = await workflows.progress(id)
    return {"status": found.status, "result": found.result, "problem": found.problem} if found else {}


def create(settings: Settings) -> FastAPI:
    return create_app(
        settings,
        routers=[router],
        provide=[Ledger],
        workflows=[sell],
        activities=[pay, refund, ship, call_back],
    )


if __name__ == "__main__":
    settings = Settings(**orjson.loads(os.environ["SETTINGS"]), folder=sys.argv[1])
    uvicorn.run(create(settings), port=settings.app_port, log_config=None, timeout_graceful_shutdown=1)
