"""The table of verdicts: each row is what is known, and what must be said."""

from dataclasses import replace

import pytest

from apps.api_gateway.domain.why.evidence import Evidence, Exchange, Exit, Failure, Probe, Process
from apps.api_gateway.domain.why.judge import judge
from apps.api_gateway.domain.why.text import MAX_LINES, render

AT = 1_800_000_000.0
CONNECTOR = "airtable-connector"


def an_exchange(status: int = 200, total: float = 20, **facts) -> Exchange:
    return Exchange(AT, "local", "t" * 32, "r1", "GET", "/v0/appX/T", CONNECTOR, status, total, **facts)


def failed(code: str, status: int, fault: str = "platform", service: str = CONNECTOR, **facts) -> Exchange:
    return an_exchange(status, failure=Failure(code, service, fault, "the detail"), **facts)


def a_process(name: str = CONNECTOR, state: str = "ready", since: float = AT - 100, **facts) -> Process:
    kind = "sidecar" if name.endswith(".sidecar") else "app"
    return Process(name, kind, name.removesuffix(".sidecar"), state, since, **facts)


KILLED = Exit(None, 9, AT - 0.5)
REFUSED = Exit(78, None, AT - 5, "config.invalid: AIRTABLE_CONNECTOR_AIRTABLE_URL: not a URL")
APP, SIDECAR = a_process(), a_process(f"{CONNECTOR}.sidecar")
DEAD_APP = a_process(state="backoff", since=AT - 0.5, last_exit=KILLED)
BACK_AGAIN = a_process(since=AT + 1.5, restarts=1, last_exit=KILLED)
DEAD_SIDECAR = a_process(f"{CONNECTOR}.sidecar", state="backoff", since=AT - 0.5, last_exit=KILLED)
BAD_CONFIG = a_process(state="failed", since=AT - 5, last_exit=REFUSED)
DIED_LONG_AGO = a_process(since=AT - 3000, restarts=1, last_exit=Exit(1, None, AT - 3001))
DIED_AFTERWARDS = a_process(state="backoff", since=AT + 60, last_exit=Exit(1, None, AT + 60))
ALIVE = Probe(CONNECTOR, True, "ready", 3)
SILENT = Probe(CONNECTOR, False, "no answer", 500)

UNAVAILABLE = failed("peer.unavailable", 503)
TIMEOUT = failed("peer.timeout", 504, total=30_000)

VERDICTS = {
    "a dead app": (
        Evidence("last", AT, UNAVAILABLE, (DEAD_APP, SIDECAR), probe=SILENT),
        ("dependency down", CONNECTOR, "airtable-connector was killed by signal 9", f"make logs APP={CONNECTOR}"),
    ),
    "a dead app that is back": (
        Evidence("last", AT, UNAVAILABLE, (BACK_AGAIN, SIDECAR), probe=ALIVE),
        ("dependency down", CONNECTOR, "is ready again since", f"make logs APP={CONNECTOR}"),
    ),
    "a dead app seen through an open breaker": (
        Evidence("last", AT, failed("peer.breaker-open", 503), (DEAD_APP, SIDECAR)),
        ("dependency down", CONNECTOR, "was killed by signal 9", f"make logs APP={CONNECTOR}"),
    ),
    "a dead app that had taken a write": (
        Evidence("last", AT, failed("peer.answer-lost", 502), (DEAD_APP, SIDECAR)),
        ("dependency down", CONNECTOR, "was killed by signal 9", f"make logs APP={CONNECTOR}"),
    ),
    "an app that had not started": (
        Evidence("last", AT, failed("app.starting", 503), (APP, SIDECAR), probe=ALIVE),
        ("dependency down", CONNECTOR, "airtable-connector had not started", "make doctor"),
    ),
    "an app that was stopped": (
        Evidence("last", AT, UNAVAILABLE, (a_process(state="stopped", since=AT - 9),)),
        ("dependency down", CONNECTOR, "stopped since", "make up"),
    ),
    "an app that is not restarted any more": (
        Evidence("last", AT, UNAVAILABLE, (replace(DEAD_APP, state="failed"),)),
        ("dependency down", CONNECTOR, "has been failed since", f"make logs APP={CONNECTOR}"),
    ),
    "a dead sidecar": (
        Evidence("last", AT, UNAVAILABLE, (APP, DEAD_SIDECAR), probe=SILENT),
        ("dependency down", CONNECTOR, "airtable-connector's sidecar was killed", f"make logs APP={CONNECTOR}"),
    ),
    "the gateway's own dead sidecar": (
        Evidence(
            "last",
            AT,
            failed("sidecar.unavailable", 503, service="api-gateway"),
            (APP, a_process("api-gateway.sidecar", state="backoff", since=AT - 1, last_exit=KILLED)),
        ),
        ("dependency down", "api-gateway", "api-gateway's sidecar was killed", "make logs APP=api-gateway"),
    ),
    "a configuration refused": (
        Evidence("last", AT, UNAVAILABLE, (BAD_CONFIG, SIDECAR)),
        ("config", CONNECTOR, "AIRTABLE_CONNECTOR_AIRTABLE_URL: not a URL", "make up"),
    ),
    "an end long before the request accuses nobody": (
        Evidence("last", AT, UNAVAILABLE, (DIED_LONG_AGO, SIDECAR), probe=ALIVE),
        ("dependency down", CONNECTOR, "could not be reached then; it answers now", f"make logs APP={CONNECTOR}"),
    ),
    "an end after the request accuses nobody": (
        Evidence("last", AT, UNAVAILABLE, (DIED_AFTERWARDS, SIDECAR), probe=SILENT),
        ("dependency down", CONNECTOR, "the launcher records no end of it", f"make restart APP={CONNECTOR}"),
    ),
    "unreachable without process records": (
        Evidence("last", AT, UNAVAILABLE, None, probe=SILENT),
        (
            "dependency down",
            CONNECTOR,
            "whether it or its sidecar is down is not known",
            f"make restart APP={CONNECTOR}",
        ),
    ),
    "a frozen app": (
        Evidence("last", AT, TIMEOUT, (APP, SIDECAR), probe=SILENT),
        (
            "dependency down",
            CONNECTOR,
            "did not answer within 30.0 s and does not answer now",
            f"make restart APP={CONNECTOR}",
        ),
    ),
    "an app that computes and answers nobody": (
        Evidence("last", AT, TIMEOUT, (APP, SIDECAR), probe=replace(SILENT, cpu=0.97)),
        ("slow", CONNECTOR, "does not answer now, but it lives (97% of a core)", f"make scale APP={CONNECTOR} N=2"),
    ),
    "an app that gets next to no CPU": (
        Evidence("last", AT, TIMEOUT, (APP, SIDECAR), probe=replace(SILENT, cpu=0.03)),
        ("slow", CONNECTOR, "it lives (3% of a core)", f"make scale APP={CONNECTOR} N=2"),
    ),
    "a frozen app that has just been stopped": (
        Evidence("last", AT, TIMEOUT, (APP, SIDECAR), probe=replace(SILENT, cpu=0.005)),
        ("dependency down", CONNECTOR, "frozen or overloaded", f"make restart APP={CONNECTOR}"),
    ),
    "a frozen app whose sidecar was restarted shortly before": (
        Evidence(
            "last", AT, TIMEOUT, (APP, replace(BACK_AGAIN, name=f"{CONNECTOR}.sidecar", since=AT - 0.1)), probe=SILENT
        ),
        ("dependency down", CONNECTOR, "frozen or overloaded", f"make restart APP={CONNECTOR}"),
    ),
    "an app that died while it was waited for": (
        Evidence("last", AT, TIMEOUT, (replace(DEAD_APP, last_exit=Exit(None, 9, AT + 20)), SIDECAR), probe=SILENT),
        ("dependency down", CONNECTOR, "was killed by signal 9", f"make logs APP={CONNECTOR}"),
    ),
    "an app not found just after its restart": (
        Evidence("last", AT, UNAVAILABLE, (replace(BACK_AGAIN, since=AT - 0.1), SIDECAR), probe=ALIVE),
        ("dependency down", CONNECTOR, "is ready again since", f"make logs APP={CONNECTOR}"),
    ),
    "an app that was slow once": (
        Evidence("last", AT, TIMEOUT, (APP, SIDECAR), probe=ALIVE),
        ("slow", CONNECTOR, "it answers now", f"make logs APP={CONNECTOR}"),
    ),
    "a slow answer whose time the app took": (
        Evidence("last", AT, an_exchange(total=2000, first_byte=1990, callee=1900)),
        ("slow", CONNECTOR, "airtable-connector took 1.9 of 2.0 s", f"make logs APP={CONNECTOR}"),
    ),
    "a slow answer whose time the mesh took": (
        Evidence("last", AT, an_exchange(total=2000, first_byte=1990, callee=10)),
        ("slow", "api-gateway", "the mesh took 2.0 of 2.0 s", "make doctor"),
    ),
    "a slow answer nobody measured": (
        Evidence("last", AT, an_exchange(total=2000, first_byte=1990)),
        ("slow", CONNECTOR, "which hop took them is not known", f"make logs APP={CONNECTOR}"),
    ),
    "refused by the mesh": (
        Evidence("last", AT, failed("mesh.denied", 403), (APP, SIDECAR)),
        ("denied", CONNECTOR, "The mesh refused the call", "make configure up"),
    ),
    "a store that is down": (
        Evidence("last", AT, failed("state.unavailable", 503), (APP, SIDECAR)),
        ("dependency down", CONNECTOR, "could not reach its state store", "make doctor"),
    ),
    "an app that is just starting": (
        Evidence("last", AT, failed("app.starting", 503), (a_process(state="starting", since=AT - 1),)),
        ("dependency down", CONNECTOR, "was not ready: starting since", f"make logs APP={CONNECTOR}"),
    ),
    "a database that is down": (
        Evidence("last", AT, failed("database.unavailable", 503), (APP, SIDECAR)),
        ("dependency down", CONNECTOR, "could not reach its database", "make doctor"),
    ),
    "a Redis that is down": (
        Evidence("last", AT, failed("limits.ledger-away", 503, service="rate-limiter-service"), (APP, SIDECAR)),
        ("dependency down", "rate-limiter-service", "could not reach its Redis", "make doctor"),
    ),
    "a database with too much to do": (
        Evidence("last", AT, failed("database.busy", 503), (APP, SIDECAR)),
        ("capacity", CONNECTOR, "A limit is reached", f"make restart APP={CONNECTOR}"),
    ),
    "time that ran out inside of the app": (
        Evidence("last", AT, failed("request.timeout", 504, total=30_000), (APP, SIDECAR), probe=ALIVE),
        ("slow", CONNECTOR, "was not done after 30.0 s", f"make logs APP={CONNECTOR}"),
    ),
    "a conflict": (
        Evidence("last", AT, failed("state.conflict", 409)),
        ("wrong data", CONNECTOR, "Something else changed it first", "curl $PLATFORM_URL/problems/state.conflict"),
    ),
    "Airtable's limit": (
        Evidence("last", AT, failed("airtable.rate-limited", 429, "airtable")),
        ("airtable", "airtable", "Airtable is at fault", "curl $PLATFORM_URL/problems/airtable.rate-limited"),
    ),
    "Airtable's outage": (
        Evidence("last", AT, failed("airtable.unavailable", 503, "airtable", airtable="SERVER_ERROR")),
        ("airtable", "airtable", "(SERVER_ERROR)", "curl $PLATFORM_URL/problems/airtable.unavailable"),
    ),
    "a token Airtable refuses": (
        Evidence("last", AT, failed("airtable.refused", 403, "config")),
        ("config", CONNECTOR, "A setting forbids it", "AIRTABLE_TOKEN=pat… make up"),
    ),
    "writes that are not allowed": (
        Evidence("last", AT, failed("airtable.read-only", 403, "config")),
        ("config", CONNECTOR, "A setting forbids it", "make up ARGS=--allow-writes"),
    ),
    "another setting": (
        Evidence("last", AT, failed("secrets.missing", 503, "config")),
        ("config", CONNECTOR, "A setting forbids it", "make doctor"),
    ),
    "a model's fault": (
        Evidence("last", AT, failed("llm.overloaded", 529, "llm", service="llm-orchestrator")),
        ("model", "llm-orchestrator", "The language model is at fault", "curl $PLATFORM_URL/problems/llm.overloaded"),
    ),
    "a quota": (
        Evidence("last", AT, failed("quota.exceeded", 429, "client", service="rate-limiter-service")),
        ("capacity", "rate-limiter-service", "A limit is reached", "curl $PLATFORM_URL/problems/quota.exceeded"),
    ),
    "a client's wrong data": (
        Evidence("last", AT, failed("request.invalid", 422, "client")),
        ("wrong data", "client", "The request is at fault", "curl $PLATFORM_URL/problems/request.invalid"),
    ),
    "a client without a key": (
        Evidence("last", AT, failed("identity.missing-key", 401, "client", service="api-gateway")),
        ("denied", "client", "The request is at fault", "curl $PLATFORM_URL/problems/identity.missing-key"),
    ),
    "a bug": (
        Evidence("last", AT, failed("platform.internal", 500), (APP, SIDECAR), probe=ALIVE),
        ("code", CONNECTOR, "failed in a way it should not", f"make logs APP={CONNECTOR}"),
    ),
    "an error without a reason": (
        Evidence("last", AT, an_exchange(500)),
        ("code", CONNECTOR, "it answered 500 and no reason", f"make logs APP={CONNECTOR}"),
    ),
    "a success": (
        Evidence("last", AT, an_exchange()),
        ("none", "", "Nothing failed.", "pyat why last"),
    ),
    "nothing remembered": (
        Evidence("last", AT),
        ("none", "", "no failed or slow request of yours", "pyat why last"),
    ),
    "an id nobody knows": (
        Evidence("f" * 32, AT),
        ("unknown", "", f"no request {'f' * 32} of yours", "pyat why last"),
    ),
}


@pytest.mark.parametrize("case", VERDICTS)
def test_the_verdict_names_the_cause_the_service_and_a_command(case):
    evidence, (cause, service, says, command) = VERDICTS[case]
    verdict = judge(evidence)
    assert (verdict.cause, verdict.service, verdict.remedy.command) == (cause, service, command), verdict.summary
    assert says in verdict.summary


@pytest.mark.parametrize("case", VERDICTS)
def test_the_text_is_short_and_ends_with_the_command(case):
    evidence, (_, __, says, command) = VERDICTS[case]
    text = render(judge(evidence))
    assert says in text
    assert len(text.splitlines()) <= MAX_LINES
    assert text.rstrip().endswith(command) or case == "a success"


def test_a_success_accuses_nobody():
    verdict = judge(VERDICTS["a success"][0])
    assert (verdict.failed, verdict.service, verdict.missing) == (False, "", ())


def test_missing_evidence_is_named_and_not_guessed():
    verdict = judge(Evidence("last", AT, UNAVAILABLE))
    assert [line.split(":")[0] for line in verdict.missing] == ["process records", "airtable-connector's present state"]


def test_a_slow_answer_without_server_timing_says_that_it_lacks_it():
    assert "server-timing" in judge(Evidence("last", AT, an_exchange(total=2000, first_byte=1990))).missing[0]


def test_of_two_dead_processes_the_later_one_is_named():
    earlier = replace(DEAD_SIDECAR, last_exit=Exit(None, 15, AT - 3))
    assert "airtable-connector was killed" in judge(Evidence("last", AT, UNAVAILABLE, (earlier, DEAD_APP))).summary


def test_the_processes_and_the_open_breakers_are_shown_as_evidence():
    evidence = Evidence("last", AT, UNAVAILABLE, (DEAD_APP, SIDECAR), {CONNECTOR: "open", "other": "closed"}, SILENT)
    shown = "\n".join(judge(evidence).evidence)
    assert "process airtable-connector: backoff since" in shown
    assert "process airtable-connector.sidecar: ready since" in shown
    assert "breaker for airtable-connector now: open" in shown
    assert "other" not in shown
    assert "asked now: no answer after 500 ms" in shown


def test_the_path_shows_the_hop_that_failed():
    path = judge(Evidence("last", AT, UNAVAILABLE, (DEAD_APP,))).path
    assert [(hop.name, hop.state) for hop in path] == [
        ("api-gateway", "ok"),
        ("airtable-connector.sidecar", "ok"),
        ("airtable-connector", "failed"),
    ]


def test_a_dead_sidecar_is_the_hop_that_failed():
    path = judge(Evidence("last", AT, UNAVAILABLE, (APP, DEAD_SIDECAR))).path
    assert [(hop.name, hop.state) for hop in path][1:] == [
        ("airtable-connector.sidecar", "failed"),
        ("airtable-connector", "not reached"),
    ]


def test_the_gateways_own_sidecar_is_the_first_hop_that_failed():
    verdict = judge(VERDICTS["the gateway's own dead sidecar"][0])
    assert [(hop.name, hop.state) for hop in verdict.path] == [
        ("api-gateway", "ok"),
        ("api-gateway.sidecar", "failed"),
        (CONNECTOR, "not reached"),
    ]
    assert verdict.missing == ()


def test_what_a_process_printed_cannot_break_the_text():
    loud = replace(DEAD_APP, last_exit=Exit(1, None, AT - 1, "x\n" * 500))
    text = render(judge(Evidence("last", AT, UNAVAILABLE, (loud, SIDECAR))))
    assert len(text.splitlines()) <= MAX_LINES
    assert all(len(line) <= 160 for line in text.splitlines())
