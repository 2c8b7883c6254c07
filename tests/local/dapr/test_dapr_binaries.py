"""Dapr's programs are found, else obtained once and kept; the next run touches nothing."""

import threading
from pathlib import Path

import pytest

from local import dapr_binaries
from local.dapr_binaries import PROGRAMS, RUNTIME_VERSION, cache_path, obtain
from local.errors import SetupError

from .installations import install, program, programs


@pytest.mark.parametrize("version", ["1.18.3", "1.18.4", "1.19.0", "2.0.1"])
def test_a_persons_own_installation_is_used(tmp_path, builds, lines, version):
    home = install(tmp_path / "home", version)

    assert obtain(say=lines.append) == home
    assert (builds, lines) == ([], [])


def test_dapr_runtime_path_goes_before_the_home_directory(tmp_path, monkeypatch, builds, lines):
    install(tmp_path / "home")
    mine = install(tmp_path / "mine")
    monkeypatch.setenv("DAPR_RUNTIME_PATH", str(mine))

    assert obtain(say=lines.append) == mine


@pytest.mark.parametrize("version", ["1.18.2", "1.9.9", "edge", ""])
def test_an_old_installation_is_passed_over_and_that_is_said(tmp_path, builds, lines, version):
    install(tmp_path / "home", version)

    assert obtain(say=lines.append) == cache_path()
    assert "passing over the Dapr in" in lines[0]
    assert "at least 1.18.3 is needed" in lines[0]


def test_an_installation_without_sentry_is_passed_over_and_that_is_said(tmp_path, builds, lines):
    install(tmp_path / "home", names=["daprd", "placement", "scheduler"])

    assert obtain(say=lines.append) == cache_path()
    assert "it lacks sentry" in lines[0]


def test_the_cli_must_be_among_the_found_programs_when_it_is_wanted(tmp_path, builds, lines):
    install(tmp_path / "home")

    assert programs(obtain(with_cli=True, say=lines.append)) == sorted([*PROGRAMS, "dapr"])


def test_every_set_of_components_is_kept_apart(builds, lines):
    slim = obtain(say=lines.append)
    larger = obtain(components=[*dapr_binaries.SLIM, "pubsub_kafka"], say=lines.append)

    assert slim != larger
    assert builds == ["runtime 1.18.3 of 14", "runtime 1.18.3 of 15"]
    assert RUNTIME_VERSION in slim.name


def test_the_order_in_which_components_are_named_does_not_matter():
    assert cache_path(dapr_binaries.SLIM) == cache_path(dapr_binaries.SLIM[::-1])


def test_two_runs_at_once_build_once(builds, lines):
    threads = [threading.Thread(target=obtain, kwargs={"say": lines.append}) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert builds == ["runtime 1.18.3 of 14"]


def test_a_build_that_fails_leaves_nothing_half_done(builds, lines, monkeypatch):
    def fail(self: object, version: str, components: object, target: Path) -> None:
        (target / "daprd").write_bytes(program())
        raise SetupError("no space")

    monkeypatch.setattr(dapr_binaries.GoBuild, "runtime", fail)
    with pytest.raises(SetupError, match="no space"):
        obtain(say=lines.append)

    assert not cache_path().exists()
    assert not list(cache_path().parent.glob(".scratch-*"))


def test_what_an_interrupted_run_left_is_removed(builds, lines):
    left = cache_path().parent / ".scratch-of-a-killed-run"
    left.mkdir(parents=True)

    obtain(say=lines.append)

    assert not left.exists()


def test_too_little_disk_is_said_before_the_build(builds, lines, monkeypatch):
    monkeypatch.setattr(dapr_binaries, "DISK_NEEDED", 1 << 60)

    with pytest.raises(SetupError, match=r"building Dapr needs .* export XDG_CACHE_HOME="):
        obtain(say=lines.append)
