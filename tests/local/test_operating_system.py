"""The one module that knows the differences between systems and users."""

import os
import pwd
import subprocess
import sys

import psutil
import pytest

from local import operating_system


@pytest.mark.parametrize(
    ("system", "machine", "go", "valkey"),
    [
        ("Linux", "x86_64", ("linux", "amd64"), "linux-x86_64"),
        ("Linux", "aarch64", ("linux", "arm64"), "linux-aarch64"),
        ("Darwin", "arm64", ("darwin", "arm64"), "darwin-arm64"),
        ("Darwin", "x86_64", ("darwin", "amd64"), "darwin-x86_64"),
    ],
)
def test_each_platform_has_the_spelling_its_packages_use(monkeypatch, system, machine, go, valkey):
    monkeypatch.setattr(operating_system.platform, "system", lambda: system)
    monkeypatch.setattr(operating_system.platform, "machine", lambda: machine)

    assert operating_system.go_platform() == go
    assert operating_system.valkey_platform() == valkey


def test_only_root_hands_programs_to_another_user(monkeypatch):
    monkeypatch.setattr(operating_system.os, "geteuid", lambda: 1000)
    assert operating_system.unprivileged_user() is None

    monkeypatch.setattr(operating_system.os, "geteuid", lambda: 0)
    assert operating_system.unprivileged_user() == "nobody"


def test_an_identity_carries_none_of_our_own_groups():
    name = pwd.getpwuid(os.getuid()).pw_name

    assert operating_system.identity(name) == {
        "user": os.getuid(),
        "group": pwd.getpwnam(name).pw_gid,
        "extra_groups": [],
    }
    assert operating_system.identity(None) == {}


def test_nothing_of_the_shell_reaches_a_program(tmp_path, monkeypatch):
    monkeypatch.setenv("AIRTABLE_TOKEN", "secret")

    environment = operating_system.program_environment(tmp_path, tmp_path / "t")

    assert environment.keys() == {"PATH", "HOME", "LANG", "TZ", "TMPDIR"}


def test_a_process_serves_only_the_folder_it_works_in(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", "input()"], cwd=tmp_path, stdin=subprocess.PIPE)

    assert operating_system.process_serves(process.pid, tmp_path)
    assert not operating_system.process_serves(process.pid, tmp_path.parent)

    process.communicate()
    assert not operating_system.process_serves(process.pid, tmp_path)
    assert not operating_system.process_serves(max(psutil.pids()) + 100_000, tmp_path)
