"""A machine without Dapr and network, and stand-ins for the release server and the build."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from local import dapr_binaries
from local.dapr_binaries import PROGRAMS
from local.progress import Progress

from .installations import install

CLOSED = "http://127.0.0.1:1"


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture(autouse=True)
def clean_machine(tmp_path, monkeypatch) -> None:
    """A person without any Dapr and without a network, whose disk has room for a build."""
    monkeypatch.setattr(dapr_binaries, "DISK_NEEDED", 1)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("DAPR_RELEASE_URL", CLOSED)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.delenv("DAPR_RUNTIME_PATH", raising=False)
    monkeypatch.delenv("DAPR_BUILD_CACHE", raising=False)


@pytest.fixture
def server(tmp_path, monkeypatch) -> Iterator[Path]:
    """A file server in the place of the releases; yields the folder it serves."""
    folder = tmp_path / "releases"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(folder))) as http:
        threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
        monkeypatch.setenv("DAPR_RELEASE_URL", f"http://127.0.0.1:{http.server_port}")
        yield folder
        http.shutdown()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def builds(monkeypatch) -> list[str]:
    """The build replaced by one that notes its calls."""
    calls: list[str] = []

    class NotedBuild:
        def __init__(self, scratch: Path, progress: Progress) -> None:
            self.scratch = scratch

        def runtime(self, version: str, components: tuple[str, ...], target: Path) -> None:
            calls.append(f"runtime {version} of {len(components)}")
            install(self.scratch, version)
            for name in PROGRAMS:
                (self.scratch / ".dapr" / "bin" / name).rename(target / name)

        def cli(self, version: str, target: Path) -> None:
            calls.append(f"cli {version}")
            install(self.scratch, version, ["dapr"])
            (self.scratch / ".dapr" / "bin" / "dapr").rename(target / "dapr")

    monkeypatch.setattr(dapr_binaries, "GoBuild", NotedBuild)
    return calls
