"""What dies is restarted, what refuses its settings is left alone, what stops leaves nothing."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from local.children import Children
from local.process import Spec
from local.run_dir import Entry, is_running
from local.supervisor import NotReadyError, Supervisor, backoff

STAY = "import signal; signal.pause()"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"


class Ward:
    """A supervisor of tiny real processes, and every state they were in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.states: list[tuple[str, str]] = []
        self.supervisor = Supervisor(Children(folder, folder), self._changed, lambda: ["a-long-secret"])
        self._turned = asyncio.Event()

    def _changed(self, entry: Entry) -> None:
        self.states.append((entry.name, entry.state))
        self._turned.set()

    def spec(self, name: str, program: str = STAY, **more: object) -> Spec:
        command = (sys.executable, "-c", program)
        return replace(Spec(name, "control", command, {"PATH": os.defpath}, grace=1.0), **more)  # type: ignore[arg-type]

    def entry(self, name: str) -> Entry:
        return next(entry for entry in self.supervisor.entries if entry.name == name)

    async def until(self, holds: Callable[[], object], within: float = 5) -> None:
        async with asyncio.timeout(within):
            while not holds():
                self._turned.clear()
                await self._turned.wait()


@pytest.fixture
async def ward(tmp_path: Path) -> AsyncIterator[Ward]:
    made = Ward(tmp_path)
    yield made
    await made.supervisor.stop()
    made.supervisor._children.close()


async def test_a_killed_process_is_restarted_at_once(ward: Ward) -> None:
    ward.supervisor.add(ward.spec("one"))
    await ward.supervisor.until_ready(["one"], 5)
    before = ward.entry("one").pid
    assert before is not None
    loop = asyncio.get_running_loop()
    began = loop.time()
    os.kill(before, signal.SIGKILL)
    await ward.until(lambda: ward.entry("one").state == "backoff")
    await ward.supervisor.until_ready(["one"], 5)
    assert loop.time() - began < 1
    entry = ward.entry("one")
    assert (entry.restarts, entry.pid != before) == (1, True)
    assert entry.last_exit is not None
    assert (entry.last_exit["signal"], entry.last_exit["line"]) == (signal.SIGKILL, None)


def test_the_first_restart_is_at_once_and_later_ones_wait_longer_up_to_5_s() -> None:
    assert [backoff(deaths) for deaths in range(1, 9)] == [0, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5]


async def test_a_process_that_always_dies_is_reported_with_its_last_words_and_without_secrets(ward: Ward) -> None:
    ward.supervisor.add(ward.spec("one", "import sys; sys.exit('no a-long-secret here')", ready=never))
    await ward.until(lambda: ward.entry("one").restarts >= 2)
    with pytest.raises(NotReadyError, match="one"):
        await ward.supervisor.until_ready(["one"], 0.05)
    last = ward.entry("one").last_exit
    assert last is not None
    assert (last["code"], last["signal"], last["line"]) == (1, None, "no *** here")


async def test_a_refused_configuration_is_failed_and_not_hammered(ward: Ward) -> None:
    program = "import sys; print('config.invalid: ONE_URL: no URL', file=sys.stderr); print('bye'); sys.exit(78)"
    ward.supervisor.add(ward.spec("one", program, ready=never))
    with pytest.raises(NotReadyError):
        await ward.supervisor.until_ready(["one"], 5)
    entry = ward.entry("one")
    assert (entry.state, entry.restarts) == ("failed", 1)
    assert entry.last_exit is not None
    assert entry.last_exit["line"] == "config.invalid: ONE_URL: no URL"


async def test_a_program_that_does_not_exist_is_named(ward: Ward) -> None:
    ward.supervisor.add(replace(ward.spec("one"), command=("/nowhere/program",)))
    await ward.until(lambda: ward.entry("one").last_exit)
    last = ward.entry("one").last_exit
    assert last is not None
    assert last["line"] == "/nowhere/program: No such file or directory"


async def test_a_process_waits_for_what_it_needs(ward: Ward) -> None:
    gate = asyncio.Event()

    async def opened() -> bool:
        return gate.is_set()

    ward.supervisor.add(ward.spec("later", needs=("first",)), ward.spec("first", ready=opened))
    await ward.until(lambda: ward.entry("first").state == "starting")
    assert ward.entry("later").pid is None
    gate.set()
    await ward.supervisor.until_ready(["later"], 5)
    order = [name for name, state in ward.states if state == "ready"]
    assert order == ["first", "later"]


async def test_the_environment_is_the_specs_and_nothing_else(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRTABLE_TOKEN", "secret")
    program = "import os, sys; print(sorted(os.environ)); sys.stdout.flush(); import signal; signal.pause()"
    ward.supervisor.add(ward.spec("one", program, environment={"ONLY": "1"}))
    await ward.supervisor.until_ready(["one"], 5)
    log = ward.folder / "one.log"
    async with asyncio.timeout(5):
        while not log.read_text().endswith("\n"):  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.01)
    assert "AIRTABLE_TOKEN" not in log.read_text()
    assert "ONLY" in log.read_text()


async def test_stop_goes_from_apps_to_data_and_leaves_nothing(ward: Ward) -> None:
    ward.supervisor.add(*(ward.spec(kind, kind=kind) for kind in ("data", "control", "sandbox", "sidecar", "app")))
    names = [entry.name for entry in ward.supervisor.entries]
    await ward.supervisor.until_ready(names, 5)
    pids = [(entry.pid, entry.started) for entry in ward.supervisor.entries]
    assert await ward.supervisor.stop() == []
    assert not [pid for pid, started in pids if pid and is_running(pid, started)]
    assert {entry.state for entry in ward.supervisor.entries} == {"stopped"}


async def test_a_process_deaf_to_sigterm_is_killed_after_its_grace(ward: Ward) -> None:
    ward.supervisor.add(ward.spec("deaf", DEAF, grace=0.2))
    await ward.supervisor.until_ready(["deaf"], 5)
    pid, started = ward.entry("deaf").pid, ward.entry("deaf").started
    assert await ward.supervisor.stop() == []
    assert pid is not None
    assert not is_running(pid, started)


async def test_a_frozen_process_is_stopped_too(ward: Ward) -> None:
    ward.supervisor.add(ward.spec("frozen", grace=None))
    await ward.supervisor.until_ready(["frozen"], 5)
    pid = ward.entry("frozen").pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    async with asyncio.timeout(3):
        assert await ward.supervisor.stop() == []


async def test_a_removed_process_is_gone_and_its_name_free(ward: Ward) -> None:
    ward.supervisor.add(ward.spec("one"))
    await ward.supervisor.until_ready(["one"], 5)
    pid, started = ward.entry("one").pid, ward.entry("one").started
    await ward.supervisor.remove("one")
    assert pid is not None
    assert not is_running(pid, started)
    ward.supervisor.add(ward.spec("one"))
    await ward.supervisor.until_ready(["one"], 5)


async def test_what_an_app_leaves_in_its_group_ends_with_it(ward: Ward) -> None:
    program = "import subprocess, sys, signal; print(subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()']).pid, flush=True); signal.pause()"  # noqa: E501
    ward.supervisor.add(ward.spec("one", program, kind="app"))
    await ward.supervisor.until_ready(["one"], 5)
    log = ward.folder / "one.log"
    async with asyncio.timeout(5):
        while not log.read_text():  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.01)
    helper = int(log.read_text())
    await ward.supervisor.stop()
    async with asyncio.timeout(5):
        while is_running(helper, None):  # noqa: ASYNC110 - nobody tells of a stranger's end
            await asyncio.sleep(0.01)


async def never() -> bool:
    return False
