"""Does what the verdict says to do, while the fault is still there, and looks whether that helped."""

import os
import shlex
import subprocess
import time
from collections.abc import Callable

from ..blast.ground import addresses
from ..options import ROOT
from ..run_dir import RunDirectory
from .faults import Fault

_TAKES = 60.0  # s at most
_WELL_WITHIN = 10.0  # s after it


def take(run: RunDirectory, command: str, fault: Fault, is_well: Callable[[], bool]) -> str:
    """`restored`: the user's request works again although the fault is still put. `narrowed`: what the command printed
    names the guilty. Empty: neither, or no command that a program can give."""
    said = do(run, command)
    if said is None:
        return ""
    try:
        return _mended(command, said, fault, is_well)
    finally:
        undo(run, command)


def _mended(command: str, said: str, fault: Fault, is_well: Callable[[], bool]) -> str:
    if not command.startswith("make logs"):  # it changes nothing
        until = time.monotonic() + (_WELL_WITHIN if command.startswith(("make restart", "make scale")) else 0)
        while True:
            if is_well():
                return "restored"
            if time.monotonic() > until:
                break
            time.sleep(0.1)
    lines = [line.lower() for line in said.splitlines()]
    names = [name.lower() for name in (fault.service, *fault.also)]
    ill = [line for line in lines if any(name in line for name in names) and not line.lstrip().startswith("ok")]
    return "narrowed" if ill else ""


def undo(run: RunDirectory, command: str) -> None:
    """One process again of what was given more."""
    if command.startswith("make scale"):
        do(run, " ".join("N=1" if word.startswith("N=") else word for word in command.split()))


def do(run: RunDirectory, command: str) -> str | None:
    """What it printed; on this mesh, wherever it is. None when it could not be run."""
    words = shlex.split(command)
    if words[0] == "make":
        words.append(f"ARGS=--run-dir {run.path}" + (" --since 30s" if words[1] == "logs" else ""))
    given = {name: value for name, value in addresses(run).items() if name.startswith("PLATFORM_")}
    environment = {**os.environ, **given, "PATH": f"{ROOT / '.venv/bin'}:{os.environ['PATH']}"}
    words = [os.path.expandvars(word) if "$" not in word else _expanded(word, environment) for word in words]
    try:
        done = subprocess.run(
            words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=_TAKES, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout + done.stderr


def _expanded(word: str, environment: dict[str, str]) -> str:
    for name, value in environment.items():
        word = word.replace(f"${name}", value)
    return word
