"""Running the doctor as its user does, and running what it prescribes."""

import contextlib
import io
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.__main__ import main
from local.options import ROOT


@dataclass
class Patient:
    """A run directory of a project, and the environment its commands run in."""

    run_dir: Path
    root: Path = ROOT
    environment: dict[str, str] | None = None

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a shell command in the project, as a person would paste it."""
        environment = {**os.environ, **(self.environment or {})}
        return subprocess.run(
            command,
            shell=True,
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def local(self, command: str) -> str:
        done = self.run(f"{sys.executable} -m local {command} --run-dir {self.run_dir}")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def examined(self) -> tuple[int, dict[str, dict[str, Any]]]:
        """The exit code and the findings by check."""
        command = f"doctor --json --run-dir {self.run_dir}"
        if self.root == ROOT and self.environment is None:  # in this process, because a start costs half a second
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                code = main(command.split())
            output = printed.getvalue()
        else:
            done = self.run(f"{sys.executable} -m local {command}")
            code, output = done.returncode, done.stdout
            assert output, done.stderr
        report = json.loads(output)
        assert report["healthy"] == (code == 0)
        return code, {finding["check"]: finding for finding in report["checks"]}

    def red(self, check: str) -> dict[str, Any]:
        """The finding, which is red, as is the whole report."""
        code, findings = self.examined()
        assert code != 0
        assert not findings[check]["ok"], findings[check]
        return findings[check]

    def repaired(self, remedy: str, check: str, within: float = 15) -> dict[str, Any]:
        """Run the remedy as it is printed; the finding, which is green now, as is the whole report."""
        command = remedy.partition("then: ")[2] or remedy
        done = self.run(command)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        deadline = time.monotonic() + within
        while True:
            code, findings = self.examined()
            if code == 0 and findings[check]["ok"]:
                return findings[check]
            assert time.monotonic() < deadline, {name: one for name, one in findings.items() if not one["ok"]}
