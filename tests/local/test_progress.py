"""A person sees what a long step does, and an interrupted one leaves nothing behind."""

import os
import subprocess
import threading

import pytest

from local.progress import Progress


@pytest.fixture
def lines() -> list[str]:
    return []


def test_a_long_step_is_told_again_and_again(tmp_path, lines):
    progress = Progress(lines.append, between_lines=0.02)
    with progress.step("waiting"):
        threading.Event().wait(0.2)

    assert len(lines) >= 3


def test_an_interrupted_step_ends_its_program(tmp_path, lines, monkeypatch):
    pid_file = tmp_path / "pid"
    script = f"echo $$ > {pid_file}; exec tail -f /dev/null"

    class InterruptedPopen(subprocess.Popen):
        def communicate(self, *arguments: object, **named: object) -> None:
            while not pid_file.exists() or not pid_file.read_text():
                os.sched_yield()
            raise KeyboardInterrupt

    monkeypatch.setattr("local.progress.subprocess.Popen", InterruptedPopen)
    with pytest.raises(KeyboardInterrupt):
        Progress(lines.append).run(
            "waiting", ["/bin/sh", "-c", script], cwd=tmp_path, environment=os.environ, remedy=""
        )

    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)
