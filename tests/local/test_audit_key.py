"""`python -m local rotate-audit-key`: another key, to which the one before hands over."""

import json
import subprocess
import sys

from cli import verify_trail
from local.__main__ import main
from local.credentials import Credentials
from local.run_dir import Entry, Record, RunDirectory, start_time


def stored(run_dir):
    return json.loads((run_dir / "secrets.json").read_text())


def test_each_new_key_can_be_reached_from_each_that_was_before(run_dir, capsys):
    Credentials.load_or_create(run_dir)
    first = stored(run_dir)
    for _ in range(2):
        assert main(["rotate-audit-key", "--run-dir", str(run_dir), "--overlap", "5"]) == 0
    lines = capsys.readouterr().out.splitlines()
    known = [line.split()[1].rstrip(",") for line in lines if line.startswith(("was ", "is "))]
    assert (len(set(known)), known[1]) == (3, known[2])
    now = stored(run_dir)
    handovers = json.loads(now["audit/handovers"])
    for key in known:
        assert len(verify_trail.Keys(verify_trail.Key(key), handovers).all) == 3
    assert first["audit/signing-key"] not in now.values()
    assert {name for name in now if now[name] != first[name]} == {"audit/signing-key", "audit/handovers"}
    assert not Credentials.load_or_create(run_dir).secret_values() & {now["audit/handovers"], "[]"}, "no secret"


def test_the_sidecars_of_a_running_audit_service_are_started_anew_and_nobody_else(run_dir):
    Credentials.load_or_create(run_dir)
    processes = [subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) for _ in range(3)]
    pids = [each.pid for each in processes]
    started = [start_time(pid) for pid in pids]
    assert started[0] is not None
    RunDirectory(run_dir).write_record(Record({"pid": pids[0], "started": started[0]}, 0, [
        Entry("audit-service.sidecar", "sidecar", "audit-service", 0, pids[0], started[0]),
        Entry("audit-service", "app", "audit-service", 0, pids[1], started[1]),
        Entry("audit-service-2.sidecar", "sidecar", "audit-service", 1, pids[2], 1.0),
    ]))  # fmt: skip
    try:
        assert main(["rotate-audit-key", "--run-dir", str(run_dir)]) == 0
        assert processes[0].wait(10) != 0
        assert [each.poll() for each in processes[1:]] == [None, None]
    finally:
        for each in processes:
            each.communicate(b"\n")


def test_without_keys_there_is_nothing_to_change(run_dir, capsys):
    assert main(["rotate-audit-key", "--run-dir", str(run_dir)]) == 1
    assert "has no keys yet" in capsys.readouterr().err
