"""How a process ended, in words, and what to do about it."""

from apps.api_gateway.domain.why.evidence import Failure, Process
from apps.api_gateway.domain.why.processes import clock, is_down
from apps.api_gateway.domain.why.verdict import Finding, Remedy


def refused_configuration(process: Process, line: str) -> Finding:
    summary = f"{process.name} refuses to start: {line or 'its configuration is wrong'}"
    remedy = Remedy("Correct the named setting, then start it again.", "make up")
    return Finding("config", process.app_id or process.name, summary, remedy, process.name)


def obituary(process: Process) -> str:
    what = f"{process.app_id}'s sidecar" if process.kind == "sidecar" else process.name
    ended = process.last_exit
    if ended is None:
        return f"{what} was not ready: {process.state} since {clock(process.since)}."
    how = f"was killed by signal {ended.signal}" if ended.signal is not None else f"ended with exit {ended.code}"
    now = f"has been {process.state} since" if is_down(process) else "is ready again since"
    return f"{what} {how} at {clock(ended.at)} and {now} {clock(process.since)}."


def revival(process: Process) -> Remedy:
    app = process.app_id or process.name
    if not is_down(process):
        return Remedy("Repeat the request; the log says why it ended.", f"make logs APP={app}")
    if process.state == "failed":
        return Remedy("It is not restarted any more: read why it ended.", f"make logs APP={app}")
    if process.state == "stopped":
        return Remedy("It was stopped: start it.", "make up")
    return Remedy("It is being restarted; if it stays down, read why it ended.", f"make logs APP={app}")


def again(service: str) -> Remedy:
    """What hangs, leaks or has lost its way is mended by a new beginning, without another request lost."""
    return Remedy("Start it anew; if it comes back, read its log.", f"make restart APP={service}")


def read_logs(service: str) -> Remedy:
    return Remedy("Repeat the request; if it fails again, read the log.", f"make logs APP={service}")


def page(failure: Failure) -> str:
    return f"curl $PLATFORM_URL/problems/{failure.code}"
