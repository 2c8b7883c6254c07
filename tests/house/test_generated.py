"""What is generated equals what would be generated now."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "command",
    [["local", "configure", "--check"], ["scaffold", "readme", "--check"]],
    ids=["access rules", "README table"],
)
def test_generated_files_are_current(root, command):
    run = subprocess.run([sys.executable, "-m", *command], cwd=root, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
