"""Apps are forked from a process that has one thread and no socket, and become processes of their own."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from local import zygote
from local.children import Child, Children, StartError
from local.options import ROOT
from local.process import Spec
from local.run_dir import is_running
from local.specs import SHARED_MODULES, own_shared_modules

TELL = """\
import json, os, sys, time
if __name__ == "__main__":
    print(json.dumps({"arguments": sys.argv[1:], "environment": dict(os.environ), "directory": os.getcwd(),
                      "session": os.getsid(0) == os.getpid(), "name": __name__, "input": sys.stdin.read()}), flush=True)
    if "stay" in sys.argv:
        time.sleep(60)
    sys.exit(int(sys.argv[1]))
"""


def test_what_is_shared_leaves_one_thread_and_no_socket() -> None:
    shared = [*SHARED_MODULES, *own_shared_modules(ROOT)]
    program = f"from local import zygote; zygote.load({shared!r}); zygote.require_safe_fork()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_shared_module_exists() -> None:
    shared = [*SHARED_MODULES, *own_shared_modules(ROOT)]
    program = f"from local import zygote; print(zygote.load({shared!r}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_module_that_cannot_be_imported_is_told_and_does_not_stop_the_others() -> None:
    (told,) = zygote.load(["local.no_such_module", "json"])
    assert told.startswith("local.no_such_module: No module named")


def test_a_second_thread_forbids_the_fork() -> None:
    release = threading.Event()
    other = threading.Thread(target=release.wait)
    other.start()
    try:
        with pytest.raises(zygote.UnsafeForkError, match="threads before a fork"):
            zygote.require_safe_fork()
    finally:
        release.set()
        other.join()


def test_a_socket_forbids_the_fork() -> None:
    program = (
        "import socket; from local import zygote; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()\n"
        "zygote.require_safe_fork()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "UnsafeForkError: 1 sockets before a fork" in done.stderr


class Nursery:
    """A real zygote, and a module for it to run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "tell.py").write_text(TELL)
        self.children = Children(folder, folder)
        self.born: list[Child] = []

    async def zygote(self, *names: str) -> Child:
        command = (sys.executable, "-m", "local.zygote", *names)
        environment = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
        spec = Spec("zygote", "control", command, environment, working_directory=self.folder)
        child = await self.children.start(spec)
        self.born.append(child)
        async with asyncio.timeout(10):
            while not self.children.zygote_serves():  # noqa: ASYNC110 - it is another process that gets ready
                await asyncio.sleep(0.01)
        return child

    async def app(self, name: str, *arguments: str, **environment: str) -> Child:
        command = (".venv/bin/python", "-m", "tell", *arguments)
        child = await self.children.start(Spec(name, "app", command, environment, needs=("zygote",)))
        self.born.append(child)
        return child

    async def said(self, name: str) -> dict[str, object]:
        async with asyncio.timeout(10):
            while True:
                log = self.folder / f"{name}.log"
                if log.exists() and (text := log.read_text()).endswith("}\n"):
                    return dict(json.loads(text))
                await asyncio.sleep(0.01)


@pytest.fixture
async def nursery(tmp_path: Path) -> AsyncIterator[Nursery]:
    made = Nursery(tmp_path)
    yield made
    for child in made.born:
        if is_running(child.pid, child.started):
            os.kill(child.pid, signal.SIGKILL)
        await child.ended
    made.children.close()


async def test_a_forked_app_has_its_own_environment_session_directory_and_arguments(nursery: Nursery) -> None:
    await nursery.zygote()
    child = await nursery.app("one", "0", "x", APP_ID="one")
    said = await nursery.said("one")
    assert said["arguments"] == ["0", "x"]
    assert {**dict(said["environment"])} == {"APP_ID": "one"}  # type: ignore[call-overload]
    assert said["directory"] == str(nursery.folder)
    assert (said["session"], said["name"], said["input"]) == (True, "__main__", "")
    assert await child.ended == 0


async def test_a_forked_app_shows_its_command_in_the_process_list(nursery: Nursery) -> None:
    await nursery.zygote()
    child = await nursery.app("one", "0", "stay")
    await nursery.said("one")
    assert psutil.Process(child.pid).cmdline()[0].startswith(".venv/bin/python -m tell")


async def test_exit_codes_and_signals_are_reported_at_once(nursery: Nursery) -> None:
    await nursery.zygote()
    refused = await nursery.app("refused", "78")
    assert await refused.ended == 78
    killed = await nursery.app("killed", "0", "stay")
    await nursery.said("killed")
    loop = asyncio.get_running_loop()
    began = loop.time()
    os.kill(killed.pid, signal.SIGKILL)
    assert await killed.ended == -signal.SIGKILL
    assert loop.time() - began < 0.5


async def test_two_apps_do_not_draw_the_same_random_numbers(nursery: Nursery) -> None:
    (nursery.folder / "tell.py").write_text("import random, json\nprint(json.dumps({'n': random.random()}))\n")
    await nursery.zygote()
    for name in ("one", "two"):
        await (await nursery.app(name)).ended
    assert await nursery.said("one") != await nursery.said("two")


async def test_apps_outlive_their_zygote_and_their_end_is_still_noticed(nursery: Nursery) -> None:
    parent = await nursery.zygote()
    child = await nursery.app("one", "0", "stay")
    await nursery.said("one")
    os.kill(parent.pid, signal.SIGKILL)
    assert await parent.ended == -signal.SIGKILL
    assert is_running(child.pid, child.started)
    await nursery.zygote()
    os.kill(child.pid, signal.SIGKILL)
    async with asyncio.timeout(2):
        assert await child.ended is None


async def test_without_a_zygote_a_fork_is_refused_with_the_reason(nursery: Nursery) -> None:
    with pytest.raises(StartError, match="the zygote does not run"):
        await nursery.app("one", "0")


async def test_a_job_the_zygote_does_not_understand_is_refused_and_the_next_one_served(nursery: Nursery) -> None:
    await nursery.zygote()
    link = nursery.children._zygote
    assert link is not None
    with pytest.raises(StartError, match="unexpected keyword"):
        await link.fork({"colour": "blue"})
    assert await (await nursery.app("one", "3")).ended == 3


def test_the_zygote_leaves_when_its_launcher_is_gone() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "local.zygote"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert json.loads(process.stdout.readline()) == {"ready": True}
        process.stdin.close()
        assert process.wait(5) == 0


async def test_an_app_whose_shared_code_has_changed_runs_the_code_of_now(nursery: Nursery) -> None:
    shared = nursery.folder / "shared.py"
    (nursery.folder / "tell.py").write_text("import json, shared\nprint(json.dumps({'saw': shared.VALUE}))\n")
    shared.write_text("VALUE = 'before'\n")
    await nursery.zygote("shared")
    await (await nursery.app("early")).ended
    shared.write_text("VALUE = 'now and longer'\n")
    await (await nursery.app("late")).ended
    assert (await nursery.said("early"))["saw"] == "before"
    assert (await nursery.said("late"))["saw"] == "now and longer"
