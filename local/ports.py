"""Which port everything has: derived from the app's port, the replica and the offset; found free before use."""

import errno
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import psutil

from .errors import SetupError

# Distance from the app's own port. The launcher's names on the left, dapr.yaml's on the right.
DAPR_HTTP, DAPR_GRPC, DAPR_INTERNAL_GRPC, DAPR_METRICS, TELEMETRY = 5500, 5600, 5700, 5800, 5900
PER_REPLICA = 1000
LARGEST_OFFSET = 14_000  # beyond, ports would meet those that Linux gives to outgoing connections

SANDBOX, SANDBOX_ADMIN = 8100, 8101
_REST = 65.0  # s
_MOST_OWNERS = 8  # named in a message; behind more of them there is another mesh


@dataclass(frozen=True)
class AppPorts:
    """The six ports of one replica of one app and its sidecar."""

    app: int

    @classmethod
    def of(cls, port: int, replica: int = 0, offset: int = 0) -> "AppPorts":
        return cls(port + PER_REPLICA * replica + offset)

    @property
    def telemetry(self) -> int:
        return self.app + TELEMETRY

    @property
    def dapr_http(self) -> int:
        return self.app + DAPR_HTTP

    @property
    def dapr_grpc(self) -> int:
        return self.app + DAPR_GRPC

    @property
    def dapr_internal_grpc(self) -> int:
        return self.app + DAPR_INTERNAL_GRPC

    @property
    def dapr_metrics(self) -> int:
        return self.app + DAPR_METRICS

    def of_app(self) -> dict[str, int]:
        return {"http": self.app, "telemetry": self.telemetry}

    def of_sidecar(self) -> dict[str, int]:
        return {
            "http": self.dapr_http,
            "grpc": self.dapr_grpc,
            "internal-grpc": self.dapr_internal_grpc,
            "metrics": self.dapr_metrics,
        }


@dataclass(frozen=True)
class Conflict:
    """A port we need that somebody else holds; the owner is unknown when the system hides it from us."""

    port: int
    purpose: str
    pid: int | None
    owner: str

    def __str__(self) -> str:
        holder = f"pid {self.pid} ({self.owner})" if self.pid else self.owner
        return f"port {self.port} ({self.purpose}) is taken by {holder}"


def check_offset(offset: int) -> None:
    """Raises SetupError unless the offset keeps every port apart from those of the mesh without one."""
    if offset % PER_REPLICA or not 0 <= offset <= LARGEST_OFFSET:
        raise SetupError(f"--port-offset must be a multiple of {PER_REPLICA} from 0 to {LARGEST_OFFSET}, not {offset}")


def conflicts(wanted: Mapping[int, str]) -> list[Conflict]:
    """The ports of `wanted` (port → purpose) that cannot be bound on 127.0.0.1, with who holds them."""
    taken = [port for port in wanted if not _is_free(port)]
    owners = _owners(taken) if taken else {}
    if unknown := set(taken) - owners.keys():
        owners |= _owners(unknown)  # the kernel's table is no snapshot: a row can be missed while others come and go
    return [Conflict(port, wanted[port], *owners.get(port, (None, "a process of another user"))) for port in taken]


def require_free(wanted: Mapping[int, str]) -> None:
    """Raises SetupError that names the taken ports and their owners, one line an owner."""
    owners: dict[tuple[int | None, str], list[Conflict]] = {}
    for conflict in conflicts(wanted):
        owners.setdefault((conflict.pid, conflict.owner), []).append(conflict)
    lines = [str(first) + (f", and {len(rest)} more ports by it" if rest else "") for first, *rest in owners.values()]
    if len(lines) > _MOST_OWNERS:
        lines[_MOST_OWNERS:] = [f"and {len(lines) - _MOST_OWNERS} more processes hold ports that are needed"]
    if lines:
        raise SetupError("\n".join([*lines, "Stop what holds them, or use other ports: --port-offset 10000"]))


def until_rested(wanted: Mapping[int, str], say: Callable[[str], None]) -> None:
    """Wait while nothing but a connection that has ended holds one of the ports: the system keeps it for a minute."""
    until, told = time.monotonic() + _REST, False
    while (left := resting(wanted)) and time.monotonic() < until:
        if not told:
            say(f"Port {left[0]} ({wanted[left[0]]}) rests after a connection that ended, for a minute at most.")
            told = True
        time.sleep(0.5)


def resting(wanted: Iterable[int]) -> list[int]:
    """The ports that nobody holds and that cannot be bound yet: an outgoing connection had them (TIME_WAIT)."""
    taken = {port for port in wanted if not _is_free(port)}
    if not taken:
        return []
    try:
        rows = [(each.laddr.port, each.status) for each in psutil.net_connections(kind="tcp") if each.laddr]
    except psutil.AccessDenied:
        return []
    alive = {port for port, status in rows if status != psutil.CONN_TIME_WAIT}
    return sorted({port for port, _ in rows if port in taken} - alive)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as every server of ours does
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def _owners(ports: Iterable[int]) -> dict[int, tuple[int | None, str]]:
    found: dict[int, tuple[int | None, str]] = {}
    looked_for = set(ports)
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:  # macOS shows other processes' sockets to root only
        return found
    for connection in connections:
        port = connection.laddr.port if connection.laddr else None
        if port not in looked_for or connection.pid is None:
            continue
        if port in found and connection.status != psutil.CONN_LISTEN:
            continue
        try:
            name = " ".join(psutil.Process(connection.pid).cmdline()[:4]) or psutil.Process(connection.pid).name()
        except psutil.Error:
            name = "ended meanwhile"
        found[port] = (connection.pid, name)
    return found
