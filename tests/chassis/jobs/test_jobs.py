"""Periodic work: declared, registered, run when it is time. One suite for the fake scheduler and for a real one."""

import asyncio
import contextlib

import pytest
import pytest_asyncio
import uvicorn

from chassis import AppSettings, Principal, create_app, current, job
from chassis.testing import AppClient, FakeDapr
from tests.chassis.control_plane import APP_TOKEN, TOKEN, ControlPlane
from tests.chassis.sidecars import free_ports, until

APP = "note-service"


class Settings(AppSettings, app_id=APP):
    """Nothing of its own."""


class Runs:
    """What the job saw; `fails` is how often it will."""

    def __init__(self) -> None:
        self.seen = []
        self.fails = 0
        self.go_on = asyncio.Event()
        self.go_on.set()


@job("@every 1s")
async def count_notes(runs: Runs, who: Principal) -> None:
    runs.seen.append((who, current()))
    await runs.go_on.wait()
    if runs.fails:
        runs.fails -= 1
        raise RuntimeError("pya_secret_in_a_message")


def create(**settings):
    return create_app(Settings(**settings), provide=[Runs], jobs=[count_notes])


def runs_of(app):
    return app.state.chassis.container[Runs]


class Fake:
    def __init__(self, dapr):
        self.dapr = dapr
        self.jobs = dapr.jobs

    @contextlib.asynccontextmanager
    async def app(self):
        async with AppClient(create(**self.dapr.settings())).running() as client:
            await until(lambda: "count-notes" in self.jobs.registered)
            ticking = asyncio.create_task(self._tick(client.app))
            yield client.app
            ticking.cancel()

    async def _tick(self, app):
        while True:
            done = await self.jobs.tick(app, "count-notes")
            await asyncio.sleep(0.01 if done else 0.02)


class Real:
    def __init__(self, plane):
        self.plane = plane

    @contextlib.asynccontextmanager
    async def app(self):
        port, http, grpc = free_ports(3)
        await self.plane.start_sidecar(APP, port, http, grpc)
        async with served(port, http):
            pass
        async with served(port, http) as app:  # registered a second time, and away for a moment
            yield app
        self.plane.stop(f"{APP}.sidecar")


@contextlib.asynccontextmanager
async def served(port, http):
    app = create(app_port=port, dapr_http_port=http, dapr_api_token=TOKEN, app_api_token=APP_TOKEN)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, timeout_graceful_shutdown=1))
    server.install_signal_handlers = lambda: None
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    await app.state.chassis.health.started.wait()
    yield app
    server.should_exit = True
    await serving
    for connection in server.server_state.connections:  # one that came while it ended: a process would end it
        connection.transport.close()


@pytest_asyncio.fixture(params=["fake", "real"])
async def scheduler(request, tmp_path):
    if request.param == "fake":
        async with FakeDapr() as dapr:
            yield Fake(dapr)
    else:
        async with ControlPlane(request.getfixturevalue("dapr_binaries"), tmp_path / "plane") as plane:
            yield Real(plane)


async def test_a_job_runs_again_and_again_as_the_app_itself_in_a_trace_of_its_own(scheduler):
    async with scheduler.app() as app:
        runs = runs_of(app)
        await until(lambda: len(runs.seen) >= 2)
        assert {who for who, _ in runs.seen} == {Principal(APP, "platform", kind="service")}
        assert len({context.trace_id for _, context in runs.seen}) == len(runs.seen)
        assert 0 < runs.seen[0][1].remaining() <= 60


async def test_a_run_that_fails_is_tried_again_and_told_in_one_line_without_a_secret(scheduler, capsys):
    async with scheduler.app() as app:
        runs = runs_of(app)
        runs.fails = 1
        value = app.state.chassis.metrics.registry.get_sample_value
        await until(lambda: value("job_runs_total", {"job": "count-notes", "outcome": "failed"}) == 1)
        await until(lambda: value("job_last_success_timestamp_seconds", {"job": "count-notes"}))
        assert value("job_runs_total", {"job": "count-notes", "outcome": "done"})
    told = [line for line in capsys.readouterr().out.splitlines() if "job failed" in line]
    assert len(told) == 1
    assert "RuntimeError" in told[0]
    assert "secret" not in told[0]


@pytest_asyncio.fixture
async def running(dapr):
    async with AppClient(create(**dapr.settings()), dapr.headers()).running() as client:
        yield client


async def test_a_job_is_registered_once_and_again_only_when_its_schedule_is_another(running, dapr):
    await until(lambda: "count-notes" in dapr.jobs.registered)
    dapr.jobs.registered["count-notes"]["due"] = "kept"
    async with AppClient(create(**dapr.settings())).running() as second:
        await until(lambda: dapr.jobs.asked == ["POST", "POST", "GET"])
        assert second
        dapr.jobs.registered["count-notes"]["schedule"] = "@every 2s"
    assert dapr.jobs.registered["count-notes"]["due"] == "kept"
    async with AppClient(create(**dapr.settings())).running():
        await until(lambda: dapr.jobs.registered["count-notes"]["schedule"] == "@every 1s")


async def test_a_scheduler_that_is_away_holds_no_start_up_and_is_told_when_it_is_back(dapr):
    dapr.jobs.available = False
    async with AppClient(create(**dapr.settings()), dapr.headers()).running() as client:
        assert (await client.get("/readyz")).status == 200
        dapr.jobs.available = True
        await until(lambda: "count-notes" in dapr.jobs.registered)


async def test_two_ticks_at_once_run_one_after_the_other(running, dapr):
    runs = runs_of(running.app)
    runs.go_on.clear()
    ticks = [asyncio.create_task(dapr.jobs.tick(running.app, "count-notes")) for _ in range(2)]
    await until(lambda: runs.seen)
    await asyncio.sleep(0)
    assert len(runs.seen) == 1
    runs.go_on.set()
    assert await asyncio.gather(*ticks) == [True, True]
    assert len(runs.seen) == 2


async def test_a_job_of_another_release_is_not_done_and_not_taken_from_it(running, dapr):
    dapr.jobs.registered["newer"] = {"schedule": "@every 1s"}
    assert not await dapr.jobs.tick(running.app, "newer")
    assert "newer" in dapr.jobs.registered


@pytest.mark.parametrize("public", [False, True])
async def test_nobody_but_the_sidecar_can_make_a_job_run(dapr, public):
    app = create_app(Settings(**dapr.settings()), provide=[Runs], jobs=[count_notes], public=public)
    async with AppClient(app, {"dapr-api-token": "wrong"}).running() as client:
        answer = await client.post("/job/count-notes")
        assert answer.problem == ("mesh.not-through-sidecar", 401, APP)
        assert runs_of(app).seen == []


@pytest.mark.parametrize("schedule", ["every minute", "* * * * *", "@every minute", "@every", "@every 5", ""])
def test_what_is_no_schedule_is_refused_where_it_is_declared(schedule):
    with pytest.raises(TypeError, match="no schedule"):
        job(schedule)


@pytest.mark.parametrize("schedule", ["@every 1m", "@every 1h30m", "@every 0.5s", "@daily", "0 30 4 * * *"])
def test_what_the_scheduler_takes_is_a_schedule(schedule):
    assert job(schedule)


async def undeclared() -> None:
    """No job."""


@job("@daily")
def not_async() -> None:
    """A plain function."""


@job("@daily")
async def wants(what: dict) -> None:
    """Nobody provides a dict."""


@pytest.mark.parametrize("function", [undeclared, not_async, wants])
def test_a_wrong_declaration_stops_the_start(function, dapr):
    with pytest.raises(TypeError):
        create_app(Settings(**dapr.settings()), jobs=[function])
