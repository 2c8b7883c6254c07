"""What the spans of a trace add: where its time went, below whom it was late, and what failed after the answer."""

from collections.abc import Callable

from apps.api_gateway.domain.why.evidence import Evidence, Exchange, Failure
from apps.api_gateway.domain.why.verdict import Cause, Finding, Hop, Remedy, State
from contracts.analytics_service import Stretch, Trace

LATE = frozenset(("request.timeout", "database.timeout"))  # says who was late
TIMED_OUT = LATE | {"peer.timeout"}  # says it of another
SHARE = 0.5  # of the time, and a part explains that the whole was too late
LEAST = 0.25  # of the time, and a part is worth naming
DOWN = ("database.", "state.", "secrets.", "peer.", "sidecar.", "limits.ledger")
PROMISE = "promise: "  # begins the name of a span that tells of one that an app found broken
STORES = {"postgresql": "database", "dapr": "state store", "redis": "Redis"}


def told_by(trace: Trace) -> Exchange:
    """The request as its spans tell it, when the gateway does not remember it."""
    first, blamed = trace.parts[0], trace.findings.blamed
    status = int(first.attributes.get("http.response.status_code", 500 if first.failed else 200))
    failure = None
    if status >= 400:
        outside = blamed is not None and blamed.spent == "outside" and blamed.on == "airtable"
        fault = "client" if status < 500 else "airtable" if outside else "platform"
        who = blamed.service if blamed else first.service
        code = first.error or str(status)
        failure = Failure(code, who, fault, f"its spans say {(blamed.error if blamed else None) or code}")
    return Exchange(
        at=first.started.timestamp(),
        tenant=None,
        trace_id=trace.trace_id,
        request_id=str(first.attributes.get("platform.request_id", trace.trace_id)),
        method=str(first.attributes.get("http.request.method", first.kind)),
        path=str(first.attributes.get("url.path", first.name)),
        app=next((part.service for part in trace.parts if part.service != first.service), first.service),
        status=status,
        total=first.duration_ms,
        failure=failure,
    )


def late_below(evidence: Evidence, exchange: Exchange, failure: Failure) -> Finding | None:
    """The time was over while somebody further down still worked or waited."""
    stretch = evidence.trace.findings.slowest if evidence.trace else None
    if failure.code not in TIMED_OUT or stretch is None or stretch.own_ms < SHARE * exchange.total:
        return None
    if stretch.spent == "mesh" or stretch.on == failure.service:
        return None  # of this, the app itself is asked
    return slow(stretch, exchange.total)


def slow(stretch: Stretch, total: float) -> Finding:
    """Where most of `total` milliseconds went."""
    return HOW[stretch.spent](stretch, _took(stretch, total))


def afterwards(evidence: Evidence, exchange: Exchange) -> Finding | None:
    """The answer was good, and what came of it failed."""
    later = evidence.trace.findings.later if evidence.trace else []
    if not later:
        return None
    failed = later[0]
    error = failed.error or "an error"
    more = f", and {len(later) - 1} more" if len(later) > 1 else ""
    summary = (
        f"It was answered {exchange.status}, but afterwards {failed.service} failed in {failed.name}: {error}{more}."
    )
    cause: Cause = "dependency down" if error.startswith(DOWN) else "wrong data" if error == "Drop" else "code"
    remedy = Remedy("See what it gave up; replay it when that is mended.", _letters(failed.service))
    return Finding(cause, failed.service, summary, remedy)


def broken_promise(evidence: Evidence, exchange: Exchange) -> Finding | None:
    """The answer was good, and an app found on the way that something it promises did not hold."""
    found = evidence.trace.findings.blamed if evidence.trace else None
    if found is None or not found.name.startswith(PROMISE):
        return None
    summary = (
        f"It was answered {exchange.status}, but {found.service} found a promise broken, {found.name[len(PROMISE) :]}: "
        f"{found.error}. What it served instead is right."
    )
    remedy = Remedy("A bug: see what changed there before.", f"pyat logs --app {found.service} --level error")
    return Finding("wrong data", found.service, summary, remedy)


def path(trace: Trace, *, failed: bool, cause: str) -> tuple[Hop, ...]:
    """The services down to what is blamed or slowest, with the time each took itself."""
    way = trace.findings.path
    hops = [Hop(station.service, "ok", round(station.own_ms, 1)) for station in way]
    last = way[-1]
    on = (
        "airtable"
        if cause == "airtable"
        else last.on
        if last.spent in ("loop", "outside", "store", "silence")
        else None
    )
    state: State = "failed" if failed else "slow" if cause in ("slow", "capacity") else "ok"
    if on:
        silent = last.spent == "silence" and on == last.on
        return (*hops, Hop(STORES.get(on, on), "unknown" if silent else state))
    return (*hops[:-1], Hop(last.service, state, hops[-1].took))


def known(trace: Trace) -> list[str]:
    """Lines of evidence."""
    found = trace.findings
    lines = [f"{trace.spans} spans of {', '.join(trace.services)}"]
    if found.blamed:
        lines.append(f"deepest failed span: {found.blamed.service} {found.blamed.name}: {found.blamed.error}")
    if found.slowest:
        lines.append(
            f"most time: {found.slowest.service} {found.slowest.name}, {found.slowest.own_ms:.0f} ms of its own"
        )
    return lines


def missing(evidence: Evidence) -> list[str]:
    """Lines of what is not known."""
    trace = evidence.trace
    if trace is None:
        return [evidence.untold] if evidence.untold else []
    lines = [f"{app}'s own spans: it was called and told nothing" for app in trace.findings.silent]
    lines += [f"{off.service}'s spans have another clock: {off.seconds:+.0f} s" for off in trace.findings.clocks]
    if trace.missing:
        lines.append(f"spans: {trace.missing} that others name as their cause never came")
    return lines


def _took(stretch: Stretch, total: float) -> str:
    often = f" in {stretch.times} spans" if stretch.times > 1 else ""
    return f"{stretch.own_ms / 1000:.1f} of {total / 1000:.1f} s{often}"


def _own(stretch: Stretch, took: str) -> Finding:
    remedy = Remedy("If it stays so under load, run one more of it.", f"make scale APP={stretch.service} N=2")
    return Finding("slow", stretch.service, f"{stretch.service} itself took {took}, in {stretch.name}.", remedy)


def _loop(stretch: Stretch, took: str) -> Finding:
    who = stretch.on or stretch.service
    summary = f"{who} took nothing up for {took}: a call in it blocks its event loop, or it has too much to do."
    remedy = Remedy("Run one more of it; then find what blocks.", f"make scale APP={who} N=2")
    return Finding("slow", who, summary, remedy)


def _wait(stretch: Stretch, took: str) -> Finding:
    summary = f"{stretch.service} waited {took} for {stretch.on}: others use the calls of this base."
    page = "curl $PLATFORM_URL/problems/airtable.rate-limited"
    return Finding(
        "capacity", stretch.service, summary, Remedy("Make fewer, larger calls, or read through the cache.", page)
    )


def _store(stretch: Stretch, took: str) -> Finding:
    store = STORES.get(stretch.on or "", stretch.on)
    summary = f"{stretch.service} waited {took} for its {store}."
    return Finding("slow", stretch.service, summary, Remedy("Check the data tier.", "make doctor"))


def _outside(stretch: Stretch, took: str) -> Finding:
    who = stretch.on or "the host outside"
    name = "Airtable" if who == "airtable" else who
    return Finding(
        "slow", who, f"{name} took {took} to answer {stretch.service}.", Remedy("See whether it is up.", "make doctor")
    )


def _mesh(stretch: Stretch, took: str) -> Finding:
    summary = f"The way from {stretch.service} to {stretch.on} and back took {took}: sidecars, or it was not taken up."
    return Finding("slow", stretch.on or "", summary, _again(stretch.on))


def _silence(stretch: Stretch, took: str) -> Finding:
    summary = (
        f"{stretch.on} told nothing of the {took} that {stretch.service} waited for it: it hangs, or was never reached."
    )
    return Finding("slow", stretch.on or "", summary, _again(stretch.on))


def _again(app: str | None) -> Remedy:
    return Remedy("If it stays so, start it with its sidecar anew.", f"make restart APP={app}")


def _letters(service: str) -> str:
    return f"pyat events dead-letters list --consumer {service}"


HOW: dict[str, Callable[[Stretch, str], Finding]] = {
    "own": _own,
    "loop": _loop,
    "wait": _wait,
    "store": _store,
    "outside": _outside,
    "mesh": _mesh,
    "silence": _silence,
}
