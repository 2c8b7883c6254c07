"""What crosses between analytics-service and others: traces, and who calls whom."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field, JsonValue

TRACE_ID = "^[0-9a-f]{32}$"

Kept = Literal["failed", "slow", "sample"]
Whose = Literal["own", "platform"]
Spent = Literal["own", "loop", "wait", "store", "outside", "mesh", "silence"]


class Span(BaseModel):
    """One part of a trace. `started` has microseconds; durations are milliseconds."""

    id: str
    parent: str | None = Field(None, description="The span that caused it; null where the trace begins.")
    depth: int = Field(0, description="How many spans lead to it.")
    service: str
    name: str
    kind: Literal["internal", "server", "client", "producer", "consumer"]
    started: datetime
    duration_ms: float
    own_ms: float = Field(description="Of its duration, what none of its parts took.")
    error: str | None = Field(None, description="A problem's code, or what the driver said; null: it went well.")
    failed: bool = Field(description="The span's own service is to answer for it: not a mistake of its caller.")
    attributes: dict[str, str | int | float | bool] = {}


class TraceSummary(BaseModel):
    trace_id: str
    name: str = Field(description="The span it begins with.")
    service: str
    started: datetime
    duration_ms: float
    services: list[str]
    spans: int
    error: str | None = Field(None, description="The first error of the deepest span that failed.")
    kept: Kept | None = Field(None, description="Why it is kept; null: it is too young to be decided about.")


class Stretch(BaseModel):
    """A part of a trace's time, and who spent it: `service`, in spans like `name`, on what `spent` says.

    own: its own code. loop: its event loop, or that of the app `on`, was held and took nothing up. wait: it waited for
    `on`. store: its database or state store `on`. outside: the host `on`. mesh: the way to the app `on` and back.
    silence: it waited for the app `on`, which told nothing of it.
    """

    service: str
    name: str
    spent: Spent
    on: str | None = None
    own_ms: float
    times: int = Field(default=1, description="How many such spans it took; they may have run side by side.")
    error: str | None = None


class Off(BaseModel):
    """A service whose clock differs from the others' by so many seconds: more than 0, it is ahead."""

    service: str
    seconds: float


class Findings(BaseModel):
    """What a trace says by itself. What events and jobs did in it comes after the answer and is in `later` alone."""

    slowest: Stretch | None = Field(default=None, description="Where the most of its time was spent.")
    blamed: Stretch | None = Field(default=None, description="The failed span that none of its own parts excuses.")
    path: list[Stretch] = Field(
        default=[], description="The services from the first to what is blamed, or else is slowest."
    )
    later: list[Stretch] = Field(default=[], description="What failed after the answer and did not succeed later.")
    silent: list[str] = Field(default=[], description="Apps that were called and told nothing.")
    clocks: list[Off] = Field(default=[], description="Services whose spans are of another time than the others'.")


class Trace(TraceSummary):
    """A whole trace, each span after the one that caused it."""

    parts: list[Span]
    findings: Findings = Findings()
    missing: int = Field(description="Spans that others name as their cause and that never came.")


class TracesQuery(BaseModel):
    service: str | None = Field(None, max_length=100, description="One that took part.")
    name: str | None = Field(None, max_length=200, description="The span it begins with, such as `GET /v0`.")
    kept: Kept | None = None
    at_least_ms: float | None = Field(None, ge=0)
    since: datetime | None = None
    until: datetime | None = None
    trail: Whose = Field("own", description="`platform`: of nobody in particular; takes the scope traces.platform.")
    cursor: int | None = Field(None, ge=0, description="The `next` of the page before.")
    page_size: int = Field(50, ge=1, le=200)


class Edge(BaseModel):
    """Calls of one service to another, or to what stands outside of the mesh. Times are milliseconds."""

    caller: str
    callee: str
    calls: int
    failed: int
    mean_ms: float
    p50_ms: float = Field(description="The upper end of the bucket it falls into.")
    p95_ms: float


ChangeKind = Literal["started", "restarted", "version", "settings", "schema"]


class PlatformChange(BaseModel):
    """Something became different: what `app` is from then on, or the schema of a base."""

    at: datetime
    app: str
    kind: ChangeKind = Field(
        description="`started`: a process where none of this app was known; `restarted`: the next one there; "
        "`version`, `settings`: it has another one than the app's last start; `schema`: of a base, of this tenant."
    )
    detail: str = Field(description="For people. Settings are named, their values are known to nobody here.")


class ChangesQuery(BaseModel):
    app: str | None = Field(None, max_length=100)
    kind: ChangeKind | None = None
    since: datetime | None = None
    until: datetime | None = None
    cursor: int | None = Field(None, ge=0, description="The `next` of the page before.")
    page_size: int = Field(50, ge=1, le=200)


EdgeState = Literal["well", "failing", "slower", "silent", "new"]


class EdgeHealth(BaseModel):
    """An edge as it is, compared with itself as it was before."""

    caller: str
    callee: str
    state: EdgeState = Field(
        description="`failing`: 5 % or more fail, and twice the share of before; `slower`: mean and p95 have doubled, "
        "by 20 ms or more; `silent`: it was used and is no more; `new`: it was not used before."
    )
    since: datetime | None = Field(None, description="The minute since which it fails or is slower; null: it does not.")
    now: Edge
    before: Edge


class MapEdge(EdgeHealth):
    declared: bool | None = Field(description="The code makes this call; null: it is not one between our services.")


class Call(BaseModel):
    caller: str
    callee: str


class JourneyNeeds(BaseModel):
    """What users do, and without what they cannot do it."""

    name: str
    weight: int = Field(description="Its share of all they do, in percent.")
    needs: list[str] = Field(description="Each failed it when it was killed; sidecars are their apps'.")


class ServiceMap(BaseModel):
    """Who calls whom: as seen, the ill edges first, and as the code says."""

    edges: list[MapEdge]
    unseen: list[Call] = Field(description="What the code would call and nobody has seen in this time.")
    journeys: list[JourneyNeeds]


LogLevel = Literal["debug", "info", "warning", "error"]


class LogLine(BaseModel):
    """What one process wrote, as one line. `fields` are what else it says."""

    at: datetime
    app: str
    process: str = Field(description="The app, a replica of it (`app@1`), or a sidecar (`app.sidecar`).")
    level: LogLevel
    event: str
    trace_id: str | None = None
    request_id: str | None = None
    tenant: str | None = None
    fields: dict[str, JsonValue] = {}


class LogsQuery(BaseModel):
    trace: str | None = Field(None, max_length=128, description="A trace id or a request id.")
    tenant: str | None = Field(None, max_length=100)
    app: str | None = Field(None, max_length=100, description="Its replicas and sidecars too.")
    level: LogLevel = Field("debug", description="This one and worse ones.")
    text: str | None = Field(None, max_length=200, description="Somewhere in the line, in any case of letters.")
    since: datetime | None = Field(None, description="By default five minutes ago.")
    until: datetime | None = None
    cursor: str | None = Field(
        None, pattern=r"^\d{1,17}\.\d{1,9}$", description="The `next` of a page: goes on behind it, also later."
    )
    page_size: int = Field(100, ge=1, le=500)


class LogPage(BaseModel):
    items: list[LogLine]
    next: str = Field(description="Give it as `cursor` for what comes then, now or later: who repeats that, follows.")
    more: bool = Field(description="There is more already.")
