"""What is known about a request and about the platform."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from contracts.analytics_service import EdgeHealth, PlatformChange, Trace


@dataclass(frozen=True, slots=True)
class Failure:
    """The problem a client was given."""

    code: str
    service: str
    fault: str
    detail: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request as the gateway saw it. `at` is Unix time, durations are milliseconds.

    `path` has no query, because queries carry data. `callee` is what the app says it took itself, from its
    `server-timing`; None means that it did not say. `airtable` is Airtable's own error type where it sent one.
    `key` is the digest of the key that was shown, where the request was refused before anybody looked whose it is.
    """

    at: float
    tenant: str | None
    trace_id: str
    request_id: str
    method: str
    path: str
    app: str
    status: int
    total: float
    first_byte: float | None = None
    callee: float | None = None
    failure: Failure | None = None
    breaker: str = "closed"
    airtable: str | None = None
    key: bytes | None = None

    @property
    def ended(self) -> float:
        return self.at + self.total / 1000


@dataclass(frozen=True, slots=True)
class Exit:
    """How a process ended: exit code or signal, when (Unix time), and its last line."""

    code: int | None
    signal: int | None
    at: float
    line: str = ""


@dataclass(frozen=True, slots=True)
class Process:
    """A process in the launcher's record. `since` is the Unix time of its present state; `pid` 0: there is none now."""

    name: str
    kind: str
    app_id: str | None
    state: str
    since: float
    restarts: int = 0
    last_exit: Exit | None = None
    pid: int = 0


@dataclass(frozen=True, slots=True)
class Probe:
    """A question to the app, asked now: whether it is ready, what it answered, after how many milliseconds.

    `lines` of code it has, and its breakers that are not closed, by callee: None and empty where it did not say. `cpu`:
    the share of a core it used meanwhile, where that is known.
    """

    app: str
    ready: bool
    answer: str
    took: float
    lines: int | None = None
    breakers: Mapping[str, str] = field(default_factory=dict)
    cpu: float | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything a verdict is made of. None means that the source could not be asked."""

    asked: str
    now: float
    exchange: Exchange | None = None
    processes: tuple[Process, ...] | None = None
    breakers: Mapping[str, str] = field(default_factory=dict)
    probe: Probe | None = None
    trace: Trace | None = None
    untold: str = ""  # why there is no trace
    changes: tuple[PlatformChange, ...] = ()  # of the time before it, of any app
    edges: tuple[EdgeHealth, ...] = ()  # who calls whom, compared with before; nothing where the asker may not know
