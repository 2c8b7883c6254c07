"""Where `pyat` finds the platform, and where it keeps the key."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cli import settings

BASES = ("GET", "/api/v1/bases", {"items": [], "next": None})
ROOT = Path(__file__).parents[2]


def test_login_tries_the_key_and_keeps_it_where_only_the_user_reads(gateway, lonely, home):
    gateway.on(*BASES)
    assert lonely("login", "--url", gateway.url + "/", "--key", "a-key").exit_code == 0
    path = home / "config/pyat/config.toml"
    assert path.read_text() == f'url = "{gateway.url}"\nkey = "a-key"\n'
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert gateway.seen[0].headers["authorization"] == "Bearer a-key"
    assert lonely("bases").exit_code == 0


def test_login_replaces_what_was_stored_and_never_leaves_it_readable(gateway, lonely, home):
    gateway.on(*BASES)
    path = home / "config/pyat/config.toml"
    path.parent.mkdir(parents=True)
    path.write_text("old")
    path.chmod(0o644)
    lonely("login", "--url", gateway.url, "--key", "new-key")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert settings.load().key == "new-key"


def test_a_key_that_is_refused_is_not_stored(gateway, lonely, home):
    refused = {"code": "identity.invalid-key", "status": 401, "fault": "client", "title": "Unknown key"}
    gateway.on("GET", "/api/v1/bases", refused, status=401)
    assert lonely("login", "--url", gateway.url, "--key", "bad").exit_code == 3
    assert not (home / "config/pyat/config.toml").exists()


def test_the_environment_goes_before_what_login_stored(monkeypatch):
    settings.store("http://stored", "stored-key")
    monkeypatch.setenv("PLATFORM_URL", "http://other")
    monkeypatch.setenv("PLATFORM_KEY", "other-key")
    assert settings.load() == settings.Settings("http://other", "other-key", "environment")


def test_a_key_in_the_environment_is_used_at_the_stored_address(monkeypatch):
    settings.store("http://stored", "stored-key")
    monkeypatch.setenv("PLATFORM_KEY", "other-key")
    assert settings.load() == settings.Settings("http://stored", "other-key", "environment")


def test_a_key_in_the_environment_is_not_sent_where_the_current_folder_points(home, monkeypatch):
    (home / ".run").mkdir()
    (home / ".run/client.env").write_text("PLATFORM_URL=http://elsewhere\nPLATFORM_KEY=bait\n")
    monkeypatch.setenv("PLATFORM_KEY", "my-key")
    assert settings.load() == settings.Settings("http://127.0.0.1:8000", "my-key", "environment")


def test_a_stored_key_is_not_sent_to_an_address_from_the_environment(monkeypatch):
    settings.store("http://stored", "stored-key")
    monkeypatch.setenv("PLATFORM_URL", "http://other")
    with pytest.raises(settings.NotSetUp, match="only sent to its own address"):
        settings.load()


def test_the_mesh_of_the_current_folder_is_found_when_nothing_else_is_said(home):
    (home / ".run").mkdir()
    (home / ".run/client.env").write_text("export PLATFORM_URL='http://here:1'\nPLATFORM_KEY=local-key\n")
    assert settings.load() == settings.Settings("http://here:1", "local-key", ".run/client.env")
    settings.store("http://stored", "stored-key")
    assert settings.load().url == "http://stored"


def test_without_a_platform_pyat_says_how_to_name_one(lonely):
    done = lonely("bases")
    assert done.exit_code == 4
    assert "pyat login" in done.stderr


def test_a_broken_configuration_is_named_with_its_remedy(lonely, home):
    (home / "config/pyat").mkdir(parents=True)
    (home / "config/pyat/config.toml").write_text("url = ")
    done = lonely("bases")
    assert done.exit_code == 4
    assert "config.toml cannot be used" in done.stderr
    assert "pyat login" in done.stderr


@pytest.mark.parametrize("key", ["", 'a"b', "a\nb", "a\\b"])
def test_a_key_that_cannot_be_stored_is_refused(key):
    with pytest.raises(ValueError, match="printable"):
        settings.store("http://x", key)


def test_pyat_runs_as_a_module_and_lists_its_commands():
    run = subprocess.run(
        [sys.executable, "-m", "cli", "--help"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
    )
    assert all(name in run.stdout for name in ("login", "bases", "tables", "records", "why"))
