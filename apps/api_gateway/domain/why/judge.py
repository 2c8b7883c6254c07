"""From evidence to a verdict: pure, so that every case is a row in a test."""

from apps.api_gateway.domain.why import changes, edges, processes, spans
from apps.api_gateway.domain.why.evidence import Evidence, Exchange, Failure
from apps.api_gateway.domain.why.path import GATEWAY, path_of
from apps.api_gateway.domain.why.rules import RULES
from apps.api_gateway.domain.why.verdict import Cause, Finding, Remedy, Verdict

SLOW = 1000.0  # milliseconds: past this a person notices


def judge(evidence: Evidence) -> Verdict:
    exchange = evidence.exchange
    if exchange is None:
        return _unknown(evidence)
    failure = failure_of(exchange)
    if failure is None:
        finding = (
            spans.broken_promise(evidence, exchange)
            or spans.afterwards(evidence, exchange)
            or (_slowest(evidence, exchange) if exchange.total >= SLOW else _nothing(evidence))
        )
    else:
        answers = (rule(evidence, exchange, failure) for rule in RULES)
        finding = next(answer for answer in answers if answer is not None)
    return Verdict(
        asked=evidence.asked,
        trace_id=exchange.trace_id,
        request_id=exchange.request_id,
        failed=finding.cause != "none",
        cause=finding.cause,
        service=finding.service,
        summary=finding.summary,
        request=_request(exchange),
        path=path_of(exchange, failure, finding, evidence.trace),
        evidence=_known(evidence, exchange, failure, finding),
        missing=_missing(evidence, exchange, failure),
        remedy=finding.remedy,
    )


def failure_of(exchange: Exchange) -> Failure | None:
    """The problem the client was given; one made from the status where an app gave no reason."""
    if exchange.failure is not None or exchange.status < 400:
        return exchange.failure
    fault = "client" if exchange.status < 500 else "platform"
    return Failure(f"status {exchange.status}", exchange.app, fault, f"it answered {exchange.status} and no reason")


def _unknown(evidence: Evidence) -> Verdict:
    what = "no failed or slow request" if evidence.asked == "last" else f"no request {evidence.asked}"
    cause: Cause = "none" if evidence.asked == "last" else "unknown"
    return Verdict(
        asked=evidence.asked,
        trace_id="",
        request_id="",
        failed=False,
        cause=cause,
        service="",
        summary=f"The gateway remembers {what} of yours.",
        request="",
        path=(),
        evidence=(),
        missing=(
            "the request: the gateway keeps the latest ones in memory, since its last start",
            *([evidence.untold] if evidence.untold else []),
        ),
        remedy=Remedy("Repeat the request and ask with the x-trace-id of its answer.", "pyat why last"),
    )


def _nothing(evidence: Evidence) -> Finding:
    return Finding("none", "", "Nothing failed.", Remedy("Nothing to do.", f"pyat why {evidence.asked}"))


def _slowest(evidence: Evidence, exchange: Exchange) -> Finding:
    stretch = evidence.trace.findings.slowest if evidence.trace else None
    if stretch is None or stretch.own_ms < spans.LEAST * exchange.total:
        return _slowest_part(exchange)
    return spans.slow(stretch, exchange.total)


def _slowest_part(exchange: Exchange) -> Finding:
    if exchange.first_byte is None or exchange.callee is None:
        summary = f"It was answered, after {exchange.total / 1000:.1f} s; which hop took them is not known."
        return Finding("slow", exchange.app, summary, Remedy("Look for its trace id.", f"make logs APP={exchange.app}"))
    parts = {
        exchange.app: exchange.callee,
        "the mesh": max(exchange.first_byte - exchange.callee, 0.0),
        "sending the answer": max(exchange.total - exchange.first_byte, 0.0),
    }
    slowest = max(parts, key=lambda part: parts[part])
    summary = f"Nothing failed, but {slowest} took {parts[slowest] / 1000:.1f} of {exchange.total / 1000:.1f} s."
    command = f"make logs APP={exchange.app}" if slowest == exchange.app else "make doctor"
    service = exchange.app if slowest == exchange.app else "api-gateway"
    return Finding("slow", service, summary, Remedy("Look at the slow part.", command))


def _request(exchange: Exchange) -> str:
    took = f"{exchange.total:.0f} ms"
    return f"{exchange.method} {exchange.path} → {exchange.status} after {took}, at {processes.clock(exchange.at)}"


def _known(evidence: Evidence, exchange: Exchange, failure: Failure | None, finding: Finding) -> tuple[str, ...]:
    lines = [*edges.around(evidence, finding), *changes.before(evidence, exchange, finding)]
    if failure is not None:
        lines.append(f"problem {failure.code}: service {failure.service}, fault {failure.fault}")
    if exchange.airtable:
        lines.append(f"Airtable's answer: {exchange.airtable}")
    if exchange.breaker != "closed":
        lines.append(f"breaker for {exchange.app} then: {exchange.breaker}")
    if failure is not None and failure.fault == "platform":
        lines += [f"breaker for {app} now: {state}" for app, state in evidence.breakers.items() if state != "closed"]
        lines += [processes.describe(each) for each in evidence.processes or () if each.app_id == failure.service]
        if evidence.probe is not None:
            probe = evidence.probe
            lines.append(f"{probe.app} asked now: {probe.answer} after {probe.took:.0f} ms")
    return (*lines[:8], *(spans.known(evidence.trace) if evidence.trace else []))


def _missing(evidence: Evidence, exchange: Exchange, failure: Failure | None) -> tuple[str, ...]:
    lines = []
    if failure is not None and failure.fault == "platform":
        if evidence.processes is None:
            lines.append("process records: this gateway sees no processes.json (not started by `make up`?)")
        if evidence.probe is None and failure.service != GATEWAY:
            lines.append(f"{failure.service}'s present state: it was not asked")
    if failure is None and exchange.total >= SLOW and exchange.callee is None and evidence.trace is None:
        lines.append(f"{exchange.app}'s own time: its answer had no server-timing")
    return (*lines, *spans.missing(evidence))
