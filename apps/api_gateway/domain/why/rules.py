"""The rules that find a cause. They are asked in order; the first that answers decides."""

from collections.abc import Callable

from apps.api_gateway.domain.why.evidence import Evidence, Exchange, Failure
from apps.api_gateway.domain.why.processes import (
    AFTERMATH,
    REFUSED_ITS_CONFIGURATION,
    server_down,
    to_blame,
)
from apps.api_gateway.domain.why.remedies import again, obituary, page, read_logs, refused_configuration, revival
from apps.api_gateway.domain.why.spans import LATE, late_below
from apps.api_gateway.domain.why.verdict import Cause, Finding, Remedy

UNREACHABLE = frozenset(
    ["peer.unavailable", "peer.answer-lost", "peer.timeout", "peer.breaker-open", "sidecar.unavailable", "app.starting"]
)
STORES = {
    "state.unavailable": "state store",
    "secrets.unavailable": "secret store",
    "database.unavailable": "database",
    "database.answer-lost": "database",
    "limits.ledger-away": "Redis",
}
FULL = frozenset(("database.busy",))
GATEWAY = "api-gateway"
ALIVE = 0.02  # of a core, or more, within two seconds; what is frozen uses nothing
OWN_TOKENS = ("identity.invalid-token", "mesh.not-through-sidecar")


Rule = Callable[[Evidence, Exchange, Failure], Finding | None]


def down_process(evidence: Evidence, exchange: Exchange, failure: Failure) -> Finding | None:
    if failure.code not in UNREACHABLE or evidence.processes is None:
        return None
    # A process that just came back refuses or is not found; silence is not how it fails.
    aftermath = 0.0 if failure.code == "peer.timeout" else AFTERMATH
    process = to_blame(evidence.processes, failure.service, exchange, aftermath)
    if process is None:
        return None
    if process.last_exit is not None and process.last_exit.code == REFUSED_ITS_CONFIGURATION:
        return refused_configuration(process, process.last_exit.line)
    return Finding("dependency down", failure.service, obituary(process), revival(process), process.name)


def server_of_the_data_tier(evidence: Evidence, exchange: Exchange, failure: Failure) -> Finding | None:
    if failure.fault != "platform" or failure.code == "platform.internal" or exchange.status < 500:
        return None
    server = server_down(evidence.processes or (), exchange)
    if server is None:
        return None
    summary = f"{failure.service} needs {server.name}: {obituary(server)}"
    return Finding("dependency down", server.name, summary, revival(server), server.name)


def own_sidecar_is_silent(evidence: Evidence, exchange: Exchange, failure: Failure) -> Finding | None:
    probe = evidence.probe
    if failure.code not in LATE or probe is None or probe.answer != "sidecar.unavailable":
        return None
    summary = f"{GATEWAY}'s own sidecar did not answer within {exchange.total / 1000:.1f} s and does not now."
    return Finding("dependency down", GATEWAY, summary, again(GATEWAY), f"{GATEWAY}.sidecar")


def own_token_refused(evidence: Evidence, exchange: Exchange, failure: Failure) -> Finding | None:
    """The client's key was good; what an app refused is the token that the platform made of it."""
    if failure.code not in OWN_TOKENS or exchange.tenant is None:
        return None
    if failure.code != "identity.invalid-token":
        summary = f"{failure.service} and its sidecar do not share one token: {failure.detail}"
        return Finding("config", failure.service, summary, again(failure.service))
    clocks = evidence.trace.findings.clocks if evidence.trace else []
    off = next(iter(clocks), None)
    if off is not None:
        summary = f"{off.service}'s clock is {off.seconds:+.0f} s off: {failure.service} refuses the platform's token."
        return Finding("config", off.service, summary, Remedy("Set its clock.", "sudo timedatectl set-ntp true"))
    everybody = failure.code in evidence.untold  # analytics-service refuses the gateway's token too
    service = GATEWAY if everybody else failure.service
    summary = f"{failure.service} refuses the platform's own token: {service}'s clock or key differs from the others'."
    return Finding("config", service, summary, Remedy("Compare its clock and keys with the others'.", "make doctor"))


def starting(_: Evidence, __: Exchange, failure: Failure) -> Finding | None:
    if failure.code != "app.starting":
        return None
    remedy = Remedy("Repeat the request; if it still starts, see which check is red.", "make doctor")
    return Finding("dependency down", failure.service, f"{failure.service} had not started: {failure.detail}", remedy)


def refused_by_the_mesh(_: Evidence, exchange: Exchange, failure: Failure) -> Finding | None:
    if failure.code != "mesh.denied":
        return None
    return Finding(
        "denied",
        failure.service,
        f"The mesh refused the call: {failure.service}'s access rules do not let api-gateway "
        f"{exchange.method} {exchange.path}.",
        Remedy("Write the access rules anew from the routes and the code, then restart.", "make configure up"),
    )


def no_answer_in_time(evidence: Evidence, exchange: Exchange, failure: Failure) -> Finding | None:
    if failure.code != "peer.timeout":
        return None
    waited = f"{failure.service} did not answer within {exchange.total / 1000:.1f} s"
    if evidence.probe is None:
        return Finding("slow", failure.service, f"{waited}.", read_logs(failure.service))
    if evidence.probe.ready:
        return Finding("slow", failure.service, f"{waited}; it answers now.", read_logs(failure.service))
    if (evidence.probe.cpu or 0.0) >= ALIVE:
        lives = f"it lives ({evidence.probe.cpu:.0%} of a core)"
        summary = f"{waited} and does not answer now, but {lives}: it has too much to do, or gets too little CPU."
        remedy = Remedy("Run one more of it; then find what computes.", f"make scale APP={failure.service} N=2")
        return Finding("slow", failure.service, summary, remedy)
    summary = f"{waited} and does not answer now: it is frozen or overloaded."
    return Finding("dependency down", failure.service, summary, again(failure.service))


def unreachable(evidence: Evidence, _: Exchange, failure: Failure) -> Finding | None:
    if failure.code not in UNREACHABLE:
        return None
    if evidence.probe is not None and evidence.probe.ready:
        summary = f"{failure.service} could not be reached then; it answers now."
        return Finding("dependency down", failure.service, summary, read_logs(failure.service))
    if evidence.processes is None:
        summary = f"{failure.service} could not be reached; whether it or its sidecar is down is not known here."
    else:
        summary = f"{failure.service} could not be reached although the launcher records no end of it."
    return Finding("dependency down", failure.service, summary, again(failure.service))


def store_down(_: Evidence, __: Exchange, failure: Failure) -> Finding | None:
    store = STORES.get(failure.code)
    if store is None:
        return None
    summary = f"{failure.service} could not reach its {store}: {failure.detail}"
    return Finding("dependency down", failure.service, summary, Remedy("Check the data tier.", "make doctor"))


def too_late(evidence: Evidence, exchange: Exchange, failure: Failure) -> Finding | None:
    if failure.code not in LATE:
        return None
    if evidence.probe is not None and not evidence.probe.ready and evidence.probe.app == failure.service:
        summary = f"{failure.service} was not done after {exchange.total / 1000:.1f} s, and does not answer now."
        return Finding("slow", failure.service, summary, again(failure.service))
    summary = f"{failure.service} was not done after {exchange.total / 1000:.1f} s: {failure.detail}"
    return Finding("slow", failure.service, summary, read_logs(failure.service))


def changed_meanwhile(_: Evidence, exchange: Exchange, failure: Failure) -> Finding | None:
    if exchange.status != 409:
        return None
    remedy = Remedy("Read it again and repeat the change on what you find.", page(failure))
    return Finding("wrong data", failure.service, f"Something else changed it first: {failure.detail}", remedy)


def airtable(_: Evidence, exchange: Exchange, failure: Failure) -> Finding | None:
    if failure.fault != "airtable":
        return None
    said = f" ({exchange.airtable})" if exchange.airtable else ""
    remedies = {
        "airtable.rate-limited": Remedy("Wait as long as Retry-After says, then repeat.", page(failure)),
        "airtable.refused": Remedy("Give a token that may do this, then restart.", "AIRTABLE_TOKEN=pat… make up"),
    }
    remedy = remedies.get(failure.code, Remedy("Repeat; if it stays, see whether Airtable is up.", page(failure)))
    return Finding("airtable", "airtable", f"Airtable is at fault{said}: {failure.detail}", remedy)


def setting(_: Evidence, __: Exchange, failure: Failure) -> Finding | None:
    if failure.fault != "config":
        return None
    remedies = {
        "airtable.read-only": Remedy("Allow writes, if you mean it.", "make up ARGS=--allow-writes"),
        "airtable.refused": Remedy("Give a token that may do this, then restart.", "AIRTABLE_TOKEN=pat… make up"),
    }
    remedy = remedies.get(failure.code, Remedy("Correct the setting, then restart.", "make doctor"))
    return Finding("config", failure.service, f"A setting forbids it: {failure.detail}", remedy)


def model(_: Evidence, __: Exchange, failure: Failure) -> Finding | None:
    if failure.fault != "llm":
        return None
    summary = f"The language model is at fault: {failure.detail}"
    return Finding("model", failure.service, summary, Remedy("Read what the code means.", page(failure)))


def at_capacity(_: Evidence, exchange: Exchange, failure: Failure) -> Finding | None:
    if exchange.status != 429 and failure.code not in FULL:
        return None
    summary = f"A limit is reached: {failure.detail}"
    remedy = again(failure.service) if failure.code in FULL else Remedy("Ask less often, or later.", page(failure))
    return Finding("capacity", failure.service, summary, remedy)


def clients_mistake(_: Evidence, exchange: Exchange, failure: Failure) -> Finding | None:
    if failure.fault != "client":
        return None
    cause: Cause = "denied" if exchange.status in (401, 403) else "wrong data"
    remedy = Remedy("Correct the request; the page of this code says how.", page(failure))
    return Finding(cause, "client", f"The request is at fault: {failure.detail}", remedy)


def says_it_cannot(_: Evidence, exchange: Exchange, failure: Failure) -> Finding | None:
    """503 is no bug: the app knows that something it needs is not there."""
    if exchange.status != 503 or failure.code.startswith("status "):
        return None
    summary = f"{failure.service} cannot serve now: {failure.detail}"
    return Finding("dependency down", failure.service, summary, Remedy("See which check is red.", "make doctor"))


def bug(_: Evidence, __: Exchange, failure: Failure) -> Finding:
    summary = f"{failure.service} failed in a way it should not: {failure.detail}"
    return Finding("code", failure.service, summary, read_logs(failure.service))


RULES: tuple[Rule, ...] = (
    down_process,
    server_of_the_data_tier,
    own_sidecar_is_silent,
    own_token_refused,
    starting,
    refused_by_the_mesh,
    late_below,
    no_answer_in_time,
    unreachable,
    store_down,
    too_late,
    changed_meanwhile,
    airtable,
    setting,
    model,
    at_capacity,
    clients_mistake,
    says_it_cannot,
    bug,
)
