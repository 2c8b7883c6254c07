"""Running the doctor as its user does, and running what it prescribes."""

import contextlib
import io
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.__main__ import main
from local.options import ROOT


@dataclass
class Patient:
    """A run directory of a project, and the environment its commands run in."""

    run_dir: Path
    root: Path = ROOT
    environment: dict[str, str] | None = None
    inside: str = ""  # what puts a command into another place

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a shell command in the project, as a person would paste it."""
        environment = {**os.environ, **(self.environment or {})}
        if self.inside:
            command = f"{self.inside} sh -c {shlex.quote(f'cd {shlex.quote(str(self.root))} && {command}')}"
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
        here = self.root == ROOT and self.environment is None and not self.inside
        if here:  # because a start costs half a second
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


@contextmanager
def own_mounts() -> Iterator[str]:
    """A place where something can be mounted that nobody else sees, without root; what puts a command there."""
    if not shutil.which("unshare"):
        pytest.skip("there is no unshare here")
    holding = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", "echo there; exec sleep 600"]
    with subprocess.Popen(holding, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout
            if holder.stdout.readline() != "there\n":
                pytest.skip("this machine gives no namespaces of their own to ordinary users")
            yield f"nsenter --target {holder.pid} --user --mount --preserve-credentials"
        finally:
            holder.kill()


_CLOCK = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

int clock_gettime(clockid_t id, struct timespec *now) {
  int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
  int failed = real(id, now);
  if (id == CLOCK_REALTIME) now->tv_sec += atol(getenv("CLOCK_IS_OFF_BY"));
  return failed;
}
"""


def wrong_clock(folder: Path, seconds: int) -> dict[str, str]:
    """The environment of a program whose machine's clock is off by so many seconds, and nobody else's."""
    compiler = shutil.which("cc")
    if not compiler or sys.platform != "linux":
        pytest.skip("a clock of its own needs a C compiler and Linux' LD_PRELOAD")
    library = folder / "clock.so"
    made = subprocess.run(
        [compiler, "-shared", "-fPIC", "-x", "c", "-", "-o", str(library), "-ldl"], input=_CLOCK, text=True, check=False
    )
    if made.returncode:
        pytest.skip("the compiler here makes no shared libraries")
    return {"LD_PRELOAD": str(library), "CLOCK_IS_OFF_BY": str(seconds)}
