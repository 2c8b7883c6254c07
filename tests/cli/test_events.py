"""`pyat events`: what each command asks the platform for, and what it prints."""

import json

import pytest

ROOT = "/api/v1/events"
EVENT = {
    "position": 7, "time": "2026-11-25T10:00:00Z", "type": "order.paid.v1", "stream": "event-processor/orders",
    "version": 2, "actor": "ann", "id": "e-7", "data": {"n": 1},
}  # fmt: skip
PAGE = {"items": [], "next": None}
DEFINITION = {"columns": {"events": {"op": "count"}}}
PARKED = f"{ROOT}/subscriptions/billing/parked"


@pytest.mark.parametrize(
    ("command", "method", "path", "params", "body"),
    [
        (
            "list --type a.v1 --type b.v1 --stream s/t --cursor 9",
            "GET", ROOT,
            [("stream", "s/t"), ("type", "a.v1"), ("type", "b.v1"), ("direction", "backwards"), ("page_size", "20"),
             ("cursor", "9")],
            None,
        ),
        ("show e-7", "GET", f"{ROOT}/e-7", [], None),
        ("schemas", "GET", f"{ROOT}/schemas", [], None),
        ("dead-letters list --state open", "GET", f"{ROOT}/dead-letters", [("state", "open")], None),
        ("dead-letters show 3", "GET", f"{ROOT}/dead-letters/3", [], None),
        ("dead-letters replay 3", "POST", f"{ROOT}/dead-letters/3/replay", [], None),
        ("dead-letters purge 3", "DELETE", f"{ROOT}/dead-letters/3", [], None),
        ("dead-letters purge --type a.v1 -y", "POST", f"{ROOT}/dead-letters/purge", [], {"type": "a.v1"}),
        ("quarantine list", "GET", f"{ROOT}/quarantine", [], None),
        ("quarantine release 4", "POST", f"{ROOT}/quarantine/4/retry", [], None),
        ("quarantine purge 4", "DELETE", f"{ROOT}/quarantine/4", [], None),
        ("projections list", "GET", f"{ROOT}/projections", [], None),
        ("projections define p file.json", "PUT", f"{ROOT}/projections/p", [], DEFINITION),
        ("projections rows p", "GET", f"{ROOT}/projections/p/rows", [], None),
        ("projections pause p", "POST", f"{ROOT}/projections/p/pause", [], None),
        ("projections resume p", "POST", f"{ROOT}/projections/p/resume", [], None),
        ("projections rebuild p --force", "POST", f"{ROOT}/projections/p/rebuild", [("force", "true")], None),
        ("projections delete p", "DELETE", f"{ROOT}/projections/p", [], None),
        (
            "subscriptions define billing --type a.v1 --after 0",
            "PUT", f"{ROOT}/subscriptions/billing", [],
            {"events": {"type": ["a.v1"]}, "after": 0, "lease_seconds": 30, "max_tries": 10},
        ),
        ("subscriptions ack billing 7.1", "POST", f"{ROOT}/subscriptions/billing/ack", [], {"receipts": ["7.1"]}),
        (
            "subscriptions nack billing 7.1 --park --reason broken",
            "POST", f"{ROOT}/subscriptions/billing/nack", [],
            {"receipts": ["7.1"], "park": True, "after_seconds": 0, "reason": "broken"},
        ),
        ("subscriptions unpark billing", "POST", f"{PARKED}/replay", [], {"positions": []}),
        ("subscriptions purge billing 7 -y", "POST", f"{PARKED}/purge", [], {"positions": [7]}),
        ("subscriptions delete billing", "DELETE", f"{ROOT}/subscriptions/billing", [], None),
        ("triggers define t file.json", "PUT", f"{ROOT}/triggers/t", [], DEFINITION),
        ("triggers enable t", "POST", f"{ROOT}/triggers/t/enable", [], None),
        ("triggers disable t", "POST", f"{ROOT}/triggers/t/disable", [], None),
        ("triggers delete t", "DELETE", f"{ROOT}/triggers/t", [], None),
        (
            "retention set r --topic a --days 1.5 --count 0 -y",
            "PUT", f"{ROOT}/retention/r", [], {"topic": "a", "max_age_seconds": 129_600, "max_count": 0},
        ),
        ("retention delete r", "DELETE", f"{ROOT}/retention/r", [], None),
    ],
)  # fmt: skip
def test_a_command_asks_for_just_what_it_says(gateway, pyat, home, command, method, path, params, body):
    (home / "file.json").write_text(json.dumps(DEFINITION))
    gateway.on(method, path, PAGE)
    told = pyat("events", *command.split(), "--json")
    assert (told.exit_code, told.stderr) == (0, "")
    (seen,) = gateway.seen
    assert (seen.params, seen.body) == (params, body)


def test_events_are_columns_and_the_next_page_is_named(gateway, pyat):
    gateway.on("GET", ROOT, {"items": [EVENT], "next": "7"})
    told = pyat("events", "list")
    assert told.stdout.splitlines()[1].split() == [str(EVENT[head]) for head in list(EVENT)[:-1]]
    assert "--cursor 7" in told.stderr


def test_appending_takes_fields_and_the_version_the_stream_must_have(gateway, pyat):
    gateway.on("POST", ROOT, {"stream": "event-processor/orders", "version": 3, "positions": [8]}, 201)
    told = pyat("events", "append", "orders", "order.paid.v1", "by=ann", "n:=5", "--expected-version", "2")
    assert told.stdout == "event-processor/orders has version 3, position 8\n"
    event = {"type": "order.paid.v1", "data": {"by": "ann", "n": 5}}
    assert gateway.seen[0].body == {"stream": "orders", "expected_version": 2, "events": [event]}


def test_a_version_of_0_is_asked_for_too(gateway, pyat):
    gateway.on("POST", ROOT, {"stream": "s", "version": 1, "positions": [1]}, 201)
    pyat("events", "append", "orders", "order.paid.v1", "--expected-version", "0")
    assert gateway.seen[0].body["expected_version"] == 0


def test_following_goes_on_from_where_the_stream_was_cut_off(gateway, pyat, monkeypatch):
    monkeypatch.setattr("cli.events.log.PAUSE", 0)
    second = {**EVENT, "position": 9}
    for event in (EVENT, second):
        lines = f"id: {event['position']}\nevent: {EVENT['type']}\ndata: {json.dumps(event)}\n\n"
        gateway.on("GET", ROOT, f"id: 5\n\n{lines}" if event is EVENT else lines)
    told = pyat("events", "follow", "--type", "order.paid.v1", "--after", "3", "--most", "2", "--json")
    assert [json.loads(line) for line in told.stdout.splitlines()] == [EVENT, second]
    assert [seen.headers["last-event-id"] for seen in gateway.seen] == ["3", "7"]
    assert gateway.seen[0].params == [("type", "order.paid.v1")]


def test_a_stream_that_is_refused_is_a_problem(gateway, pyat):
    gateway.on("GET", ROOT, {"code": "events.too-many-readers", "status": 503, "fault": "platform", "title": "No"}, 503)
    told = pyat("events", "follow")
    assert (told.exit_code, "events.too-many-readers (503)" in told.stderr) == (6, True)


def test_a_replay_goes_on_to_its_end_and_adds_up(gateway, pyat):
    for done, end in ((500, 812), (3, None)):
        gateway.on("POST", f"{ROOT}/replays", {"done": done, "again": 0, "refused": 1, "skipped": 0, "next": end})
    told = pyat("events", "replay", "note-service", "--category", "airtable-connector", "--dry-run", "--json")
    assert json.loads(told.stdout) == {"dry_run": True, "done": 503, "again": 0, "refused": 2, "skipped": 0}
    assert [seen.body["cursor"] for seen in gateway.seen] == [0, 812]
    assert gateway.seen[0].body["events"] == {"category": "airtable-connector"}


def test_letters_are_replayed_until_none_is_left_or_none_is_taken(gateway, pyat):
    path = f"{ROOT}/dead-letters/replay"
    gateway.on("POST", path, {"letters": [{"id": 1, "outcome": "done"}], "left": 1})
    gateway.on("POST", path, {"letters": [{"id": 2, "outcome": "again"}], "left": 1})
    told = pyat("events", "dead-letters", "replay", "--consumer", "note-service")
    assert told.stdout.split() == ["id", "outcome", "1", "done", "2", "again"]
    assert len(gateway.seen) == 2


def test_a_pull_shows_the_receipts(gateway, pyat):
    delivery = {"receipt": "7.1", "attempt": 1, "until": "2026-11-25T10:00:30Z", "event": EVENT}
    gateway.on("POST", f"{ROOT}/subscriptions/billing/pull", {"deliveries": [delivery]})
    assert "7.1" in pyat("events", "subscriptions", "pull", "billing", "--wait", "1").stdout
    assert gateway.seen[0].body == {"most": 10, "wait": 1.0}


def test_what_is_parked_is_shown_with_its_reason(gateway, pyat):
    item = {"attempt": 3, "reason": "no such customer", "parked_at": "2026-11-25T10:00:00Z", "event": EVENT}
    gateway.on("GET", PARKED, {"items": [item], "next": None})
    assert "no such customer" in pyat("events", "subscriptions", "parked", "billing").stdout


def test_a_trigger_is_tried_on_everything_that_happened(gateway, pyat):
    fire = {"position": 7, "event": "e-7", "type": "alarm.v1", "stream": "event-processor/alarms", "data": {}}
    gateway.on("POST", f"{ROOT}/triggers/alarm/test", {"looked_at": 500, "fires": [fire], "next": 600})
    gateway.on("POST", f"{ROOT}/triggers/alarm/test", {"looked_at": 2, "fires": [], "next": None})
    told = pyat("events", "triggers", "test", "alarm")
    assert "It would have fired 1 times for 502 events." in told.stderr
    assert [seen.body["cursor"] for seen in gateway.seen] == [0, 600]


@pytest.mark.parametrize(("equal", "code"), [(True, 0), (False, 1)])
def test_a_check_that_finds_a_difference_ends_with_1(gateway, pyat, equal, code):
    gateway.on("POST", f"{ROOT}/projections/p/check", {"equal": equal})
    assert pyat("events", "projections", "check", "p").exit_code == code


def test_what_deletes_much_asks_first(gateway, pyat):
    assert pyat("events", "dead-letters", "purge", input="n\n").exit_code == 1
    assert pyat("events", "retention", "set", "r", "--topic", "a", "--count", "1", input="n\n").exit_code == 1
    assert gateway.seen == []


def test_a_definition_that_is_no_json_is_said_so(gateway, pyat, home):
    (home / "file.json").write_text("{")
    told = pyat("events", "triggers", "define", "t", "file.json")
    assert (told.exit_code, "file.json is not JSON" in told.stderr) == (2, True)
