"""What an app tells about itself on its telemetry port: `/metrics` for Prometheus, `/info` for people and `why`."""

import time
from collections.abc import Awaitable, Callable
from functools import cache, partial
from typing import Any, ClassVar

import orjson
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ._mesh import Mesh
from ._settings import VERSION, AppSettings, variable_of

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)  # seconds
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})

Send = Callable[[dict[str, Any]], Awaitable[None]]


class Metrics:
    """The metrics of one app, in a registry of its own: several apps may share a process."""

    def __init__(self, app_id: str) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        histogram = partial(Histogram, buckets=BUCKETS, registry=self.registry)
        gauge, counter = partial(Gauge, registry=self.registry), partial(Counter, registry=self.registry)
        self._requests = histogram(
            "http_request_duration_seconds", "Requests answered by this app.", ("method", "route", "status")
        )
        self._calls = histogram(
            "peer_call_duration_seconds",
            "Calls to other apps, each attempt; the outcome is a status, or the code of what came instead.",
            ("peer", "outcome"),
        )
        self.lag = 0.0  # the last one
        self._lag = histogram("event_loop_lag_seconds", "How late the loop is, twice a second.")
        self._connections = gauge("database_connections", "Allowed, and at work.", ("kind",))
        self._outbox_rows = gauge("outbox_rows", "Committed events that are not published yet.")
        self._outbox_oldest = gauge("outbox_oldest_seconds", "How long the oldest waits.")
        self._published = counter("events_published_total", "Events the bus took.")
        self._publish_failed = counter("events_publish_failed_total", "Attempts to publish that failed.")
        self._handled = counter("events_handled_total", "Deliveries of events by handler.", ("handler", "outcome"))
        self._event_age = gauge("event_age_seconds", "How old the last event was when it was done.", ("topic",))
        self._behind = gauge("events_behind", "Events of an owner that this app must have and has not.", ("owner",))
        self._audit_rows = gauge("audit_outbox_rows", "Audit entries that audit-service does not have yet.")
        self._audit_oldest = gauge("audit_outbox_oldest_seconds", "How long the oldest of them has waited.")
        self._audit_refused = gauge("audit_outbox_refused", "Audit entries that audit-service refused, kept aside.")
        self._audit_dropped = counter("audit_entries_dropped_total", "Audit entries for which there was no room.")
        self._spans = counter("spans_exported_total", "Spans that left, or did not.", ("outcome",))
        self._spans.labels("failed")  # from the start, so that the first loss is seen as one
        self._jobs = counter("job_runs_total", "Runs of periodic work.", ("job", "outcome"))
        self._job_success = gauge(
            "job_last_success_timestamp_seconds", "When a job was done last (Unix time).", ("job",)
        )
        # Looking a labelled metric up costs more than counting with it.
        self._request = cache(lambda *labels: self._requests.labels(*labels).observe)
        self._call = cache(lambda *labels: self._calls.labels(*labels).observe)

    def outbox(self, rows: int, oldest: float) -> None:
        self._outbox_rows.set(rows)
        self._outbox_oldest.set(oldest)

    def audit(self, rows: int, oldest: float, refused: int) -> None:
        self._audit_rows.set(rows)
        self._audit_oldest.set(oldest)
        self._audit_refused.set(refused)

    def audit_dropped(self) -> None:
        self._audit_dropped.inc()

    def published(self, count: int) -> None:
        self._published.inc(count)

    def publish_failed(self) -> None:
        self._publish_failed.inc()

    def handled(self, handler: str, outcome: str) -> None:
        """`outcome` is done, again (it had been done before), retry, drop or given-up."""
        self._handled.labels(handler, outcome).inc()

    def event_age(self, topic: str, seconds: float | None) -> None:
        if seconds is not None:
            self._event_age.labels(topic).set(seconds)

    def behind(self, owner: str, count: int) -> None:
        self._behind.labels(owner).set(count)

    def exported(self, count: int, done: bool) -> None:
        self._spans.labels("done" if done else "failed").inc(count)

    def job(self, name: str, *, done: bool) -> None:
        self._jobs.labels(name, "done" if done else "failed").inc()
        if done:
            self._job_success.labels(name).set_to_current_time()

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        # A client may send any word as its method; only those of HTTP become a time series.
        self._request(method if method in METHODS else "other", route, status)(seconds)

    def call(self, peer: str, outcome: str, seconds: float) -> None:
        self._call(peer, outcome)(seconds)

    def lagged(self, seconds: float) -> None:
        self.lag = seconds
        self._lag.observe(seconds)

    def pool(self, size: int, busy: Callable[[], int]) -> None:
        """Export how many of the database's connections are at work."""
        self._connections.labels("allowed").set(size)
        self._connections.labels("busy").set_function(busy)

    def watch(self, mesh: Mesh) -> None:
        """Export the breakers of `mesh`: 0 closed, 1 half-open, 2 open."""
        self.registry.register(_Breakers(mesh))


class _Breakers(Collector):
    VALUE: ClassVar = {"closed": 0, "half-open": 1, "open": 2}

    def __init__(self, mesh: Mesh) -> None:
        self._mesh = mesh

    def collect(self) -> list[GaugeMetricFamily]:
        gauge = GaugeMetricFamily(
            "peer_breaker_state", "Breaker per called app: 0 closed, 1 half-open, 2 open.", labels=["peer"]
        )
        for peer, breaker in self._mesh.breakers().items():
            gauge.add_metric([peer], self.VALUE[breaker["state"]])
        return [gauge]


class Telemetry:
    """A tiny ASGI application, served beside the app on 127.0.0.1 and never through the mesh."""

    def __init__(
        self,
        settings: AppSettings,
        metrics: Metrics,
        mesh: Mesh,
        waits: Callable[[], list[str]],
        beside: Callable[[], Any] | None,
    ) -> None:
        self._settings = settings
        self._metrics = metrics
        self._mesh = mesh
        self._waits = waits
        self._beside = beside
        self._started = time.time()

    def info(self) -> dict[str, Any]:
        """What `/info` answers: setting names, never values."""
        kind = type(self._settings)
        return {
            "app": self._settings.app_id,
            "version": VERSION,
            "started": self._started,
            "waits_for": self._waits(),
            "breakers": self._mesh.breakers(),
            "settings": sorted(variable_of(kind, name) for name in kind.model_fields),
        }

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Send) -> None:
        if scope["type"] != "http":
            return
        if self._beside and scope["path"] not in ("/metrics", "/info"):
            await self._beside()(scope, receive, send)
            return
        status, kind = 200, b"application/json"
        if refused := scope.get("refused"):
            status, body = refused.status, orjson.dumps({"code": refused.code})
        elif scope["path"] == "/metrics":
            body, kind = generate_latest(self._metrics.registry), b"text/plain; version=0.0.4; charset=utf-8"
        elif scope["path"] == "/info":
            body = orjson.dumps(self.info())
        else:
            status, body = 404, b'{"paths":["/metrics","/info"]}'
        await answer(send, status, body, kind)


async def answer(send: Send, status: int, body: bytes, kind: bytes = b"application/json") -> None:
    """A whole answer, for what is asked too early or too often for a framework."""
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
