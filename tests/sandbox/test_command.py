"""The command: how it starts, what it prints, how it refuses and how it stops."""

import os
import re
import signal
import socket
import subprocess
import sys

import pytest
import requests

TOKEN = "patTESTTESTTEST01." + "a" * 64


def start(*arguments, **environment):
    return subprocess.Popen(
        [sys.executable, "-m", "sandbox.airtable", *arguments],
        env={**os.environ, "AIRTABLE_SANDBOX_TOKENS": "", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def refused(*arguments, **environment):
    with start(*arguments, **environment) as process:
        _, message = process.communicate(timeout=20)
    assert process.returncode == 2
    return message


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_a_signal_and_accepts_only_the_tokens_of_its_environment(number):
    with start("--port", "0", "--admin-port", "0", AIRTABLE_SANDBOX_TOKENS=f"{TOKEN}, patOther") as process:
        api, admin = re.findall(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert "CRM appTlA0ueZLdIbcSi" in process.stdout.readline()
        assert requests.get(f"{admin}/healthz", timeout=5).json()["limits"] is True
        for token, status in ((TOKEN, 200), ("patOther", 200), ("patWrong", 401)):
            headers = {"authorization": f"Bearer {token}"}
            assert requests.get(f"{api}/v0/meta/whoami", headers=headers, timeout=5).status_code == status
        process.send_signal(number)
        assert process.wait(timeout=10) == 0
        assert process.stderr.read() == ""


def test_it_starts_with_a_seed_of_ones_own(tmp_path):
    seed = tmp_path / "seed.yaml"
    seed.write_text("bases: [{name: Mine, tables: [{name: T, fields: [{name: N, type: number}]}]}]")
    with start("--port", "0", "--admin-port", "0", "--limits", "off", "--seed", str(seed)) as process:
        process.stdout.readline()
        assert process.stdout.readline().startswith("limits off; bases: Mine app")
        process.terminate()


def test_a_seed_that_is_wrong_is_refused_with_file_and_place(tmp_path):
    seed = tmp_path / "seed.yaml"
    seed.write_text("bases:\n- name: Mine\n  tables: [\n")
    assert re.search(
        r"--seed: .*seed\.yaml, line \d+: not YAML", refused("--seed", str(seed), "--port", "0", "--admin-port", "0")
    )
    seed.write_text("bases: [{name: Mine, tables: [{name: T}]}]")
    assert "bases[0].tables[0].fields: a table needs at least one field" in refused(
        "--seed", str(seed), "--port", "0", "--admin-port", "0"
    )
    assert "No such file" in refused("--port", "0", "--admin-port", "0", "--seed", str(tmp_path / "none.yaml"))


def test_a_taken_port_is_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert f"cannot listen on port {port}" in refused("--port", port, "--admin-port", "0")


def test_without_tokens_it_serves_only_its_own_machine():
    assert "not loopback" in refused("--host", "0.0.0.0", "--port", "0")


def test_help_says_how_tokens_are_given():
    with start("--help") as process:
        text, _ = process.communicate(timeout=20)
    assert "AIRTABLE_SANDBOX_TOKENS" in text
    assert "--seed" in text
