"""What a person sees when something fails, and what a script can tell from the exit code."""

import json

import pytest

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def problem(fault: str, **more: object) -> dict[str, object]:
    return {
        "type": "/problems/peer.unavailable",
        "title": "A service cannot be reached",
        "status": 503,
        "detail": "The request did not reach airtable-connector; it is safe to repeat it.",
        "code": "peer.unavailable",
        "service": "airtable-connector",
        "fault": fault,
        "trace_id": TRACE,
        **more,
    }


def test_a_problem_names_what_whose_fault_and_the_command_that_tells_more(gateway, pyat):
    gateway.on("GET", "/api/v1/bases", problem("platform"), status=503, retry_after="1")
    done = pyat("bases")
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "A service cannot be reached",
        "  The request did not reach airtable-connector; it is safe to repeat it.",
        "  code   peer.unavailable (503)",
        "  fault  platform, in airtable-connector",
        f"  trace  {TRACE}",
        "  retry  after 1 s",
        f"  more   pyat why {TRACE}",
    ]


@pytest.mark.parametrize(
    ("fault", "code"), [("client", 3), ("config", 4), ("airtable", 5), ("llm", 5), ("platform", 6), ("new-one", 6)]
)
def test_the_exit_code_tells_whose_fault_it_was(gateway, pyat, fault, code):
    gateway.on("GET", "/api/v1/bases", problem(fault), status=503)
    assert pyat("bases").exit_code == code


def test_with_json_the_problem_is_json_on_standard_error(gateway, pyat):
    gateway.on("GET", "/api/v1/bases", problem("platform"), status=503)
    done = pyat("bases", "--json")
    assert (json.loads(done.stderr)["code"], done.stdout) == ("peer.unavailable", "")


def test_the_fields_of_an_invalid_request_are_named(gateway, pyat):
    wrong = [{"field": "page_size", "in": "query", "message": "is not a number"}]
    gateway.on("GET", "/api/v1/bases", problem("client", errors=wrong), status=422)
    assert "  field  page_size (query): is not a number" in pyat("bases").stderr


@pytest.mark.parametrize("body", ["<html>502</html>", "[]", '{"error": "x"}'])
def test_something_else_on_the_port_is_not_taken_for_the_platform(gateway, pyat, body):
    gateway.on("GET", "/api/v1/bases", body, status=502)
    done = pyat("bases")
    assert done.exit_code == 7
    assert "answered 502, and not as the platform would" in done.stderr


def test_an_answer_that_is_not_json_is_not_taken_for_the_platform(gateway, pyat):
    gateway.on("GET", "/api/v1/bases", "hello")
    assert pyat("bases").exit_code == 7


def test_a_platform_that_is_not_there_is_said_so(lonely, monkeypatch):
    monkeypatch.setenv("PLATFORM_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("PLATFORM_KEY", "a-key")
    done = lonely("bases")
    assert done.exit_code == 7
    assert "http://127.0.0.1:1 does not answer" in done.stderr


def test_why_prints_the_platforms_own_words(gateway, pyat):
    gateway.on("GET", "/api/v1/why/last", "airtable-connector was dead\n")
    assert pyat("why").stdout == "airtable-connector was dead\n"
    assert gateway.seen[0].headers["accept"] == "text/plain"


def test_why_gives_a_program_json(gateway, pyat):
    gateway.on("GET", f"/api/v1/why/{TRACE}", {"cause": "dead app"})
    assert json.loads(pyat("why", TRACE, "--json").stdout) == {"cause": "dead app"}
