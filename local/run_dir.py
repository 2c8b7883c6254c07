"""The run directory: where its files are, and the launcher's record of what runs."""

import fcntl
import json
import os
import tempfile
import time
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import psutil

from .credentials import make_private_directory, write_private
from .errors import SetupError

# psutil derives start times from the boot time, which a corrected clock moves a little.
SAME_START = 2.0  # s


@dataclass
class Entry:
    """One process as processes.json tells it; times are Unix times."""

    name: str
    kind: str
    app_id: str | None
    replica: int
    pid: int | None = None
    started: float | None = None
    state: str = "stopped"
    since: float = field(default_factory=time.time)
    restarts: int = 0
    last_exit: dict[str, Any] | None = None
    ports: dict[str, int] = field(default_factory=dict)
    grace: float | None = 5.0
    stop_signal: int = 15

    @property
    def runs(self) -> bool:
        return self.pid is not None and is_running(self.pid, self.started)


def is_running(pid: int, started: float | None) -> bool:
    """Whether exactly this process runs: the same pid with another start time is somebody else."""
    try:
        process = psutil.Process(pid)
        same = started is None or abs(process.create_time() - started) < SAME_START
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def start_time(pid: int) -> float | None:
    """When the process began (Unix time); None if it has ended already."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return None


@dataclass
class Record:
    """processes.json."""

    launcher: dict[str, Any]
    offset: int
    processes: list[Entry]

    @property
    def launcher_runs(self) -> bool:
        return is_running(self.launcher["pid"], self.launcher["started"])

    @property
    def app_ids(self) -> list[str]:
        return [entry.app_id or "" for entry in self.processes if entry.kind == "app" and entry.replica == 0]


class RunDirectory:
    """Paths below the run directory, and the record in it."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def components(self) -> Path:
        return self.path / "components"

    def configuration(self, app_id: str) -> Path:
        """What Dapr is told of an app in place of the repository's file, where this exists."""
        return self.path / "config" / f"{app_id}.yaml"

    @property
    def environment_file(self) -> Path:
        return self.path / "env"

    @property
    def client_file(self) -> Path:
        return self.path / "client.env"

    @property
    def control_socket(self) -> Path:
        """The launcher's ear. A socket's path may have 107 bytes at most, a run directory may be deeper."""
        inside = self.path / "control.sock"
        if len(os.fsencode(inside)) < 100:
            return inside
        folder = Path(tempfile.gettempdir()) / f"pyairtable-platform-{os.geteuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid != os.geteuid() or folder.stat().st_mode & 0o077:
            raise SetupError(f"{folder} is not ours alone; remove it: rm -r {folder}")
        return folder / f"{sha256(os.fsencode(self.path)).hexdigest()[:16]}.sock"

    def prepare(self) -> None:
        """Create what the launcher writes into. Raises SetupError if the directory cannot be used."""
        try:
            make_private_directory(self.path)
            self.logs.mkdir(exist_ok=True)
        except OSError as error:
            raise SetupError(f"the run directory {self.path} cannot be used: {error.strerror}") from None

    def lock(self) -> int | None:
        """Become this directory's only launcher: an open file that holds the lock, or None if there is one."""
        handle = os.open(self.path / "launcher.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        return handle

    def read_record(self) -> Record | None:
        """What the last launcher wrote; None if nothing was ever started here."""
        try:
            data = json.loads((self.path / "processes.json").read_text(encoding="utf-8"))
            return Record(data["launcher"], data["offset"], [Entry(**entry) for entry in data["processes"]])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise SetupError(
                f"{self.path / 'processes.json'} cannot be read ({error}). If nothing of it runs: "
                f"rm {self.path / 'processes.json'}"
            ) from None

    def running(self) -> Record:
        """What the launcher wrote that runs now. Raises SetupError when none does."""
        record = self.read_record()
        if record is None or not record.launcher_runs:
            raise SetupError("nothing runs here: start it with `make up`")
        return record

    def write_record(self, record: Record) -> None:
        """Replace processes.json at once."""
        write_private(self.path / "processes.json", json.dumps(asdict(record), indent=1))
