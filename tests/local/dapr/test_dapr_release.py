"""Official archives are used only with their published checksums, and a closed network costs little."""

import hashlib
import socket
import threading
import time
from pathlib import Path

import pytest

from local import dapr_binaries, dapr_release
from local.dapr_binaries import PROGRAMS, RUNTIME_VERSION, cache_path, obtain
from local.operating_system import go_platform

from .installations import programs, publish


def test_the_release_is_downloaded_and_needs_no_build(server, builds, lines):
    publish(server, "dapr", RUNTIME_VERSION, PROGRAMS)

    found = obtain(say=lines.append)

    assert programs(found) == sorted(PROGRAMS)
    assert dapr_binaries.runtime_version(found) == RUNTIME_VERSION
    assert builds == []


def test_the_cli_is_downloaded_on_request_and_the_rest_not_again(server, builds, lines):
    publish(server, "dapr", RUNTIME_VERSION, PROGRAMS)
    publish(server, "cli", dapr_binaries.CLI_VERSION, ["dapr"])
    obtain(say=lines.append)
    before = (cache_path() / ".dapr" / "bin" / "daprd").stat().st_ino

    found = obtain(with_cli=True, say=lines.append)

    assert programs(found) == sorted([*PROGRAMS, "dapr"])
    assert (found / ".dapr" / "bin" / "daprd").stat().st_ino == before


def test_the_second_run_says_nothing_and_asks_no_network(server, builds, lines, monkeypatch):
    publish(server, "dapr", RUNTIME_VERSION, PROGRAMS)
    obtain(say=lines.append)
    lines.clear()
    monkeypatch.setattr(dapr_release, "download", lambda *_: pytest.fail("asked the network"))

    assert obtain(say=lines.append) == cache_path()
    assert lines == []


def test_an_archive_that_does_not_match_its_checksum_is_never_used(server, builds, lines):
    release = publish(server, "dapr", RUNTIME_VERSION, PROGRAMS)
    forged = release / f"sentry_{'_'.join(go_platform())}.tar.gz"
    forged.write_bytes(forged.read_bytes() + b"\0")

    obtain(say=lines.append)

    assert any("sentry" in line and "does not match its published checksum" in line for line in lines)
    assert builds == ["runtime 1.18.3 of 14"]


@pytest.mark.parametrize("damage", ["archive is missing", "checksum is missing", "checksum is a login page"])
def test_an_incomplete_release_leads_to_the_build(server, builds, lines, damage):
    release = publish(server, "dapr", RUNTIME_VERSION, PROGRAMS)
    archive = release / f"placement_{'_'.join(go_platform())}.tar.gz"
    if damage == "archive is missing":
        archive.unlink()
    elif damage == "checksum is missing":
        Path(f"{archive}.sha256").unlink()
    else:
        Path(f"{archive}.sha256").write_text("<html>Please log in</html>")

    assert programs(obtain(say=lines.append)) == sorted(PROGRAMS)
    assert builds == ["runtime 1.18.3 of 14"]


def test_an_archive_without_its_program_leads_to_the_build(server, builds, lines):
    release = publish(server, "dapr", RUNTIME_VERSION, PROGRAMS)
    tag = "_".join(go_platform())
    content = (release / f"placement_{tag}.tar.gz").read_bytes()
    (release / f"daprd_{tag}.tar.gz").write_bytes(content)
    (release / f"daprd_{tag}.tar.gz.sha256").write_text(hashlib.sha256(content).hexdigest())

    obtain(say=lines.append)

    assert any("holds no daprd" in line for line in lines)
    assert builds == ["runtime 1.18.3 of 14"]


def test_a_refused_connection_leads_to_the_build_at_once(builds, lines):
    started = time.monotonic()

    obtain(say=lines.append)

    assert time.monotonic() - started < 1
    assert builds == ["runtime 1.18.3 of 14"]


def test_a_network_that_swallows_everything_costs_at_most_3_seconds(builds, lines, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("DAPR_RELEASE_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        started = time.monotonic()

        obtain(say=lines.append)

    assert time.monotonic() - started < 3.3
    assert builds == ["runtime 1.18.3 of 14"]


def test_a_name_lookup_that_hangs_costs_no_more(builds, lines, monkeypatch):
    monkeypatch.setattr(dapr_release, "_PATIENCE", 0.1)
    answered = threading.Event()

    def hang(*_: object, **__: object) -> None:
        answered.wait(10)
        raise OSError("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    obtain(say=lines.append)
    answered.set()

    assert any("no answer" in line for line in lines)
    assert builds == ["runtime 1.18.3 of 14"]
