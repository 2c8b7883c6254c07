"""What is killed, and what is refused before anything is."""

import os
import time
from pathlib import Path

import httpx
import pytest

from local.blast.ground import Ground, connect
from local.blast.journeys import Journey, WrongAnswer, call
from local.blast.killing import components
from local.blast.load import Load
from local.errors import SetupError
from local.run_dir import Entry, Record, RunDirectory, start_time

GROUND = Ground("appA", "tblA", "/read", {"recA": "A"}, "t" * 32, 1, "/write", "/undo", "appB")


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    """A mesh whose launcher is this test."""
    directory = RunDirectory(tmp_path / "run")
    directory.prepare()
    kinds = {"zygote": "control", "valkey": "data", "note.sidecar": "sidecar", "note": "app"}
    entries = [Entry(name=name, kind=kind, app_id=None, replica=0) for name, kind in kinds.items()]
    launcher = {"pid": os.getpid(), "started": start_time(os.getpid())}
    directory.write_record(Record(launcher, 0, entries))
    return directory


def test_every_component_of_the_record_is_killed_but_the_zygote(run: RunDirectory) -> None:
    assert components(run, []) == ["note", "note.sidecar", "valkey"]
    assert components(run, ["valkey"]) == ["valkey"]


def test_an_unknown_component_is_refused_with_those_there_are(run: RunDirectory) -> None:
    with pytest.raises(SetupError, match=r"no such component: redis; there are note, note.sidecar, valkey"):
        components(run, ["redis"])


def test_where_nothing_runs_nothing_is_killed(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="nothing runs here"):
        components(RunDirectory(tmp_path), [])
    with pytest.raises(SetupError, match="nothing runs here"):
        connect(RunDirectory(tmp_path))


def test_the_real_airtable_is_refused(run: RunDirectory) -> None:
    run.client_file.write_text("export PLATFORM_URL=http://127.0.0.1:1\nexport PLATFORM_KEY='k'\n")
    with pytest.raises(SetupError, match="simulated Airtable only"):
        connect(run)


def test_each_journey_is_walked_until_the_end_and_what_went_wrong_is_told() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/dead":
            raise httpx.ConnectError("refused")
        return httpx.Response(503, json={"code": "peer.unavailable", "service": "note"})

    def walk(path: str) -> Journey:
        return Journey(path, 50, lambda client, _: call(client, "GET", path) and None)

    def client() -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(answer), base_url="http://gateway")

    with Load([walk("/dead"), walk("/ill")], client, GROUND) as load:
        deadline = time.monotonic() + 60
        while len({one.journey for one in load.walks}) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
    wrong = {one.journey: one.wrong for one in load.walks}
    assert wrong == {"/dead": "no answer: ConnectError", "/ill": "503 peer.unavailable at note"}


@pytest.mark.parametrize(
    ("body", "told"),
    [({"error": {"type": "SERVER_ERROR"}}, "SERVER_ERROR"), ("a string", "500 a string"), ([1], r"500 \[1\]")],
)
def test_any_answer_but_the_expected_is_wrong(body: object, told: str) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(500, json=body))
    with httpx.Client(transport=transport, base_url="http://gateway") as client, pytest.raises(WrongAnswer, match=told):
        call(client, "GET", "/")
