"""Run directories, free ports and servers that are stopped after the test."""

import os
import shutil
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local import data_tier, postgres_server
from local.credentials import Credentials
from local.operating_system import give_to, identity, unprivileged_user
from local.process import Spec

from .servers import Running, Tier, free_offset

Start = Callable[[Spec], Running]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Running] = []

    def start_one(spec: Spec) -> Running:
        running = Running(spec, tmp_path / f"{spec.name}-{len(started)}.log")
        started.append(running)
        return running.until_ready()

    yield start_one
    for running in reversed(started):
        running.stop()


@pytest.fixture
def offset() -> int:
    return free_offset()


@pytest.fixture
def run_dir(tmp_path: Path) -> Iterator[Path]:
    directory = tmp_path / "run"
    yield directory
    if directory.exists():
        data_tier.remove(directory)
        shutil.rmtree(directory)


@pytest.fixture
def tier(run_dir, offset) -> Tier:
    return Tier(run_dir, offset, Credentials.load_or_create(run_dir))


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One PostgreSQL for the scenarios that only add roles and databases to it."""
    folder = tmp_path_factory.mktemp("shared")
    tier = Tier(folder / "run", free_offset(), Credentials.load_or_create(folder / "run"))
    tier.prepare()
    running = Running(tier.postgres, folder / "postgres.log").until_ready()
    tier.after_start()
    yield tier
    running.stop()
    data_tier.remove(tier.run_dir)


@pytest.fixture
def as_ordinary_user(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Callable[[Path], None]], None]]:
    """Run a scenario, given a folder of its own, as a user who is not root: in a forked child if we are root."""
    folder = Path(tempfile.mkdtemp(prefix="ordinary-user-"))
    user = unprivileged_user()
    give_to(folder, user)

    def run(scenario: Callable[[Path], None]) -> None:
        if user is None:
            scenario(folder)
            return
        # The wheel may lie below root's home: the scenario uses the copy that others can read.
        package = postgres_server._copied(postgres_server._package())
        account = identity(user)
        child = os.fork()
        if child == 0:
            try:
                os.setgroups([])
                os.setgid(account["group"])
                os.setuid(account["user"])
                os.environ["HOME"] = str(folder)
                monkeypatch.setattr(postgres_server, "_package", lambda: package)
                scenario(folder)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

    yield run
    shutil.rmtree(folder)
