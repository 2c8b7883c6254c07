"""The stations of a request's way, and at which of them it ended."""

from apps.api_gateway.domain.why import spans
from apps.api_gateway.domain.why.evidence import Exchange, Failure
from apps.api_gateway.domain.why.rules import UNREACHABLE
from apps.api_gateway.domain.why.verdict import Finding, Hop, State
from contracts.analytics_service import Trace

GATEWAY = "api-gateway"


def path_of(
    exchange: Exchange, failure: Failure | None, finding: Finding, trace: Trace | None = None
) -> tuple[Hop, ...]:
    """The stations down to the one that the finding names, which is not called well."""
    hops = _stations(exchange, failure, finding, trace)
    name = finding.service
    if (
        finding.cause == "none"
        or name in ("", "client")
        or any(_is_of(hop, name) and hop.state != "ok" for hop in hops)
    ):
        return hops
    state: State = "slow" if finding.cause in ("slow", "capacity") else "failed"
    shown = tuple(Hop(hop.name, state, hop.took) if hop.name == name else hop for hop in hops)
    return shown if shown != hops else (*hops, Hop(name, state))


def _is_of(hop: Hop, service: str) -> bool:
    return hop.name in (service, f"{service}.sidecar")


def _stations(exchange: Exchange, failure: Failure | None, finding: Finding, trace: Trace | None) -> tuple[Hop, ...]:
    """By the spans, where they reach to what failed; what never reached an app left none there."""
    reached = failure is None or failure.code in spans.TIMED_OUT or failure.code not in (*UNREACHABLE, "mesh.denied")
    if trace and trace.findings.path and reached and not finding.process:
        return spans.path(trace, failed=failure is not None, cause=finding.cause)
    own = failure is not None and failure.service == GATEWAY and failure.code != "sidecar.unavailable"
    if exchange.app == GATEWAY or own:
        return (Hop(GATEWAY, "failed" if failure else "ok", exchange.total),)
    if failure is None:
        slow = finding.cause == "slow" and finding.service == exchange.app
        callee = Hop(exchange.app, "slow" if slow else "ok", exchange.callee)
        return (Hop(GATEWAY, "ok", _own_time(exchange)), callee)
    gateway = Hop(GATEWAY, "ok")
    if failure.code in UNREACHABLE or failure.code == "mesh.denied":
        between = [] if failure.service in (exchange.app, GATEWAY) else [Hop(exchange.app, "ok", exchange.callee)]
        return (gateway, *between, *_last_hops(failure, exchange.app, finding))
    if finding.cause == "airtable":
        return (gateway, Hop(exchange.app, "ok", exchange.callee), Hop("airtable", "failed"))
    return (gateway, Hop(exchange.app, "failed", exchange.callee))


def _last_hops(failure: Failure, app: str, finding: Finding) -> tuple[Hop, Hop]:
    service, sidecar = failure.service, f"{failure.service}.sidecar"
    if service == GATEWAY:
        return Hop(sidecar, "failed"), Hop(app, "not reached")
    if finding.cause == "denied" or finding.process.endswith(".sidecar"):
        return Hop(sidecar, "failed"), Hop(service, "not reached")
    if finding.process:
        return Hop(sidecar, "ok"), Hop(service, "failed")
    return Hop(sidecar, "unknown"), Hop(service, "failed" if failure.code == "peer.timeout" else "unknown")


def _own_time(exchange: Exchange) -> float | None:
    """What gateway and mesh took beside the app, in milliseconds; None when the app did not say its part."""
    return None if exchange.callee is None else max(exchange.total - exchange.callee, 0.0)
