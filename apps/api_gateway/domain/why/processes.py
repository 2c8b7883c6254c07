"""Which process, if any, explains why a request did not reach its app."""

from collections.abc import Iterable
from datetime import UTC, datetime

from apps.api_gateway.domain.why.evidence import Exchange, Process

REFUSED_ITS_CONFIGURATION = 78  # EX_CONFIG of sysexits.h, which every app of the platform exits with
# A restarted process is ready before its name resolves and its certificate is there.
AFTERMATH = 6.0  # seconds
UNREACHED = ("peer.unavailable", "peer.breaker-open", "sidecar.unavailable", "app.starting", "mesh.denied")


def to_blame(
    processes: Iterable[Process], service: str, exchange: Exchange, aftermath: float = AFTERMATH
) -> Process | None:
    """The app or sidecar of `service` that was down during the request; of several, the one that went last.

    Down includes the first `aftermath` seconds after a restart.
    """
    down = [process for process in processes if process.app_id == service and _was_down(process, exchange, aftermath)]
    return max(down, key=_went_down, default=None)


def server_down(processes: Iterable[Process], exchange: Exchange) -> Process | None:
    """The server of the data tier that was down during the request."""
    down = [process for process in processes if process.kind == "data" and _was_down(process, exchange, AFTERMATH)]
    return max(down, key=_went_down, default=None)


def dumb(processes: Iterable[Process], exchange: Exchange) -> frozenset[str]:
    """The apps that cannot have told their part of the request: they, or their sidecars, were down, or nobody reached
    them."""
    down = {process.app_id for process in processes if process.app_id and _was_down(process, exchange, 0.0)}
    failure = exchange.failure
    if failure is not None and failure.code in UNREACHED:
        down.add(failure.service)
    return frozenset(down)


def is_down(process: Process) -> bool:
    return process.state != "ready"


def describe(process: Process) -> str:
    """One line: the process, its state since when, how it last ended."""
    restarts = f", {process.restarts} restart{'s' if process.restarts != 1 else ''}" if process.restarts else ""
    line = f"process {process.name}: {process.state} since {clock(process.since)}{restarts}"
    ended = process.last_exit
    if ended is None:
        return line
    how = f"signal {ended.signal}" if ended.signal is not None else f"exit {ended.code}"
    return f"{line}; ended with {how} at {clock(ended.at)}" + (f": {ended.line}" if ended.line else "")


def clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%SZ")


def _went_down(process: Process) -> float:
    return process.last_exit.at if process.last_exit is not None else process.since


def _was_down(process: Process, exchange: Exchange, aftermath: float) -> bool:
    if is_down(process):
        return _went_down(process) <= exchange.ended
    return process.last_exit is not None and (
        process.last_exit.at <= exchange.ended and exchange.at <= process.since + aftermath
    )
