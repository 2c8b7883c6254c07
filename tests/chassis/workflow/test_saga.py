"""A saga of two steps: done, taken back, and on a real daprd, with its state in PostgreSQL, killed in the middle.

One suite for the fake engine and for the real one, as far as no process is killed.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import aiohttp
import orjson
import pytest
import pytest_asyncio
import yaml

from chassis import AppSettings, Router, Saga, Steps, Workflows, create_app
from chassis._workflow import StepKey
from chassis.testing import AppClient, FakeDapr
from local.configuration import workflow_store
from tests.chassis.control_plane import APP_TOKEN, TOKEN, ControlPlane
from tests.chassis.sidecars import free_ports, until, until_answers
from tests.chassis.workflow import orders as orders_app
from tests.postgres import new_database, postgres

__all__ = ["new_database", "postgres"]
ROOT = Path(__file__).parents[3]
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
APP = "order-service"


class Told:
    """What the activities wrote into `folder`."""

    folder: Path

    def attempts(self) -> list[str]:
        file = self.folder / "attempts"
        return [line.split()[0] for line in file.read_text().splitlines()] if file.exists() else []

    def keys(self) -> set[str]:
        return {line.split()[1] for line in (self.folder / "attempts").read_text().splitlines()}


class FakeOrders(Told):
    """The app in the test's process, before a fake sidecar."""

    def __init__(self, folder: Path, client: AppClient, dapr: FakeDapr) -> None:
        self.folder, self._client, self._dapr = folder, client, dapr

    async def begin(self, item: str, id: str) -> None:
        answer = await self._client.post(f"/orders?id={id}", json={"item": item}, headers={"traceparent": TRACE})
        assert answer.status == 202

    async def ended(self, id: str) -> dict:
        await self._dapr.workflows.settled()
        return (await self._client.get(f"/orders/{id}")).json()


class Orders(Told):
    """The app as a process, with its sidecar."""

    def __init__(self, folder: Path, ports: list[int], token: str) -> None:
        self.folder = folder
        self.port, self.http, self.grpc = ports
        self._headers = {"dapr-api-token": APP_TOKEN, "authorization": f"Bearer {token}", "x-timeout-ms": "5000"}
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        settings = {
            "app_port": self.port, "dapr_http_port": self.http, "dapr_grpc_port": self.grpc,
            "dapr_api_token": TOKEN, "app_api_token": APP_TOKEN,
        }  # fmt: skip
        with (self.folder / "app.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: ASYNC220  it takes a millisecond
                [sys.executable, "-m", "tests.chassis.workflow.orders", str(self.folder)],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                env={"PATH": os.environ["PATH"], "SETTINGS": orjson.dumps(settings).decode()},
            )
        await until_answers(self.port, "/readyz", 200)

    def kill(self) -> None:
        assert self._process
        self._process.kill()
        self._process.wait()

    async def begin(self, item: str, id: str) -> None:
        headers = {**self._headers, "traceparent": TRACE}
        url = f"http://127.0.0.1:{self.port}/orders?id={id}"
        async with aiohttp.ClientSession() as session, asyncio.timeout(60):
            while True:  # the engine answers once it has found its place
                async with session.post(url, json={"item": item}, headers=headers) as response:
                    if response.status == 202:
                        return
                await asyncio.sleep(0.2)

    async def ended(self, id: str) -> dict:
        async with aiohttp.ClientSession() as session, asyncio.timeout(60):
            while True:
                async with session.get(f"http://127.0.0.1:{self.port}/orders/{id}", headers=self._headers) as response:
                    found = orjson.loads(await response.read())
                if found.get("status") not in (None, "running"):
                    return found
                await asyncio.sleep(0.1)


@pytest_asyncio.fixture
async def fake_orders(tmp_path, dapr):
    app = orders_app.create(orders_app.Settings(**dapr.settings(), folder=str(tmp_path)))
    async with AppClient(app, dapr.headers()).running() as client:
        dapr.workflows.connect(app)
        yield FakeOrders(tmp_path, client, dapr)


@pytest.fixture(params=["fake", "real"])
def orders(request):
    return request.getfixturevalue(f"{request.param}_orders")


@pytest_asyncio.fixture
async def real_orders(dapr_binaries, tmp_path, new_database, dapr):
    async with ControlPlane(dapr_binaries, tmp_path / "plane") as plane:
        folder = tmp_path / "orders"
        folder.mkdir()
        identity = {name: dapr.secrets[name] for name in ("identity/public-key", "identity/service-keys")}
        secrets = {"database-url/workflow-store": await new_database("workflows"), **identity}
        (folder / "secrets.json").write_bytes(orjson.dumps(secrets))
        store = {
            "apiVersion": "dapr.io/v1alpha1", "kind": "Component", "metadata": {"name": "secrets"},
            "spec": {
                "type": "secretstores.local.file", "version": "v1",
                "metadata": [{"name": "secretsFile", "value": str(folder / "secrets.json")}],
            },
        }  # fmt: skip
        for document in (store, workflow_store([APP])):
            (plane.resources / f"{document['metadata']['name']}.yaml").write_text(yaml.safe_dump(document))
        made = Orders(folder, free_ports(3), dapr.token())
        await plane.start_sidecar(APP, made.port, made.http, made.grpc)
        await made.start()
        yield made
        with contextlib.suppress(ProcessLookupError):
            made.kill()


async def test_a_saga_is_done_step_by_step_for_whoever_began_it_in_the_trace_of_the_request(orders):
    await orders.begin("book", "one")
    found = await orders.ended("one")
    assert (found["status"], orders.attempts()) == ("completed", ["pay", "ship"])
    assert found["result"] == {"user": "developer", "tenant": "local", "trace": TRACE[3:35], "item": "book"}
    assert orders.keys() == {"one/1-pay", "one/2-ship"}
    await orders.begin("book", "one")  # an id that is known begins nothing
    assert orders.attempts() == ["pay", "ship"]


async def test_when_a_step_fails_all_are_taken_back_in_reverse_order_by_the_keys_they_were_done_with(orders):
    await orders.begin("unicorn", "two")
    found = await orders.ended("two")
    assert found["status"] == "failed"
    assert "order.sold-out" in found["problem"]
    assert orders.attempts() == ["pay", "ship", "call_back", "refund"]
    assert orders.keys() == {"two/1-pay", "two/2-ship"}


async def tick(number: int) -> int:
    return number + 1


def counts(saga: Saga, number: int) -> Steps:
    """A function that remembers between its runs, which none may."""
    SEEN.append(number)
    yield saga.step(tick, len(SEEN))
    yield saga.wait(timedelta(days=1))
    return "never"


SEEN: list[int] = []


async def test_the_fake_engine_runs_a_function_anew_after_each_step_and_refuses_one_that_is_another_then(dapr):
    router = Router()

    @router.post("/counts", no_audit="a test app")
    async def begin(workflows: Workflows) -> str:
        return await workflows.begin(counts, 0)

    app = create_app(Settings(**dapr.settings()), routers=[router], workflows=[counts], activities=[tick])
    async with AppClient(app, dapr.headers()).running() as client:
        dapr.workflows.connect(app)
        id = (await client.post("/counts")).json()
        await dapr.workflows.settled()
        found = await app.state.chassis.container[Workflows].progress(id)
    assert found.status == "failed"
    assert "not deterministic" in found.problem


@pytest.mark.parametrize("orders", ["real"], indirect=True)
async def test_an_app_killed_in_the_middle_of_a_step_goes_on_and_the_step_has_its_effect_once(orders):
    (orders.folder / "hold").touch()
    await orders.begin("book", "three")
    await until(lambda: orders.attempts() == ["pay"])
    orders.kill()
    (orders.folder / "hold").unlink()
    await orders.start()
    found = await orders.ended("three")
    assert found["status"] == "completed"
    assert orders.attempts() in (["pay", "pay", "ship"], ["pay", "pay", "pay", "ship"])
    assert len(list(orders.folder.glob("paid:*"))) == 1


class Settings(AppSettings, app_id=APP):
    """Nothing of its own."""


async def without_input(key: StepKey) -> None: ...


async def with_two(a: int, b: int) -> None: ...


def not_async(a: int) -> None: ...


@pytest.mark.parametrize("activity", [without_input, with_two, not_async])
def test_an_activity_that_is_declared_wrongly_stops_the_start(activity):
    with pytest.raises(TypeError, match="activity"):
        create_app(Settings(), activities=[activity])


async def test_without_an_engine_the_app_starts_and_says_that_nothing_can_be_begun(dapr, tmp_path):
    dapr.workflows.available = False
    app = orders_app.create(orders_app.Settings(**dapr.settings(), folder=str(tmp_path)))
    async with AppClient(app, dapr.headers()).running() as client:
        answer = await client.post("/orders?id=four", json={"item": "book"})
        assert answer.problem == ("workflows.unavailable", 503, APP)
        assert (await client.get("/orders/four")).json() == {}
