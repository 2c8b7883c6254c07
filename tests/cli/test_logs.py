"""`pyat logs`."""

import json

ONE = {
    "at": "2026-11-25T10:00:00.123000Z",
    "app": "airtable-connector",
    "process": "airtable-connector@1",
    "level": "warning",
    "event": "a thing happened",
    "trace_id": "a" * 32,
    "request_id": None,
    "tenant": "local",
    "fields": {"status": 503, "why": "no room"},
}
OWN = {**ONE, "fields": {"path": "/api/v1/logs"}}


def page(*items, next="1.1", more=False):
    return {"items": list(items), "next": next, "more": more}


def test_lines_are_told_as_text_and_filters_are_passed_on(gateway, pyat):
    gateway.on("GET", "/api/v1/logs", page(ONE))
    done = pyat("logs", "--app", "airtable-connector", "--level", "warning", "--since", "2026-11-25T10:00:00+00:00")
    assert done.stdout == (
        "10:00:00.123  airtable-connector@1      WARNING  a thing happened  "
        f'trace={"a" * 32}  tenant=local  status=503  why="no room"\n'
    )
    assert gateway.seen[-1].params == [
        ("app", "airtable-connector"),
        ("level", "warning"),
        ("since", "2026-11-25T10:00:00+00:00"),
        ("page_size", "500"),
    ]


def test_every_page_is_asked_for_and_json_is_an_object_a_line(gateway, pyat):
    gateway.on("GET", "/api/v1/logs", page(ONE, next="7.1", more=True))
    gateway.on("GET", "/api/v1/logs", page(ONE, next="7.2"))
    lines = pyat("logs", "--json").stdout.splitlines()
    assert [json.loads(line) for line in lines] == [ONE, ONE]
    assert ("cursor", "7.1") in gateway.seen[-1].params


def test_following_ends_with_control_c_and_does_not_tell_of_itself(gateway, pyat, monkeypatch):
    gateway.on("GET", "/api/v1/logs", page(ONE, OWN))
    pauses = []

    def pause(seconds):
        pauses.append(seconds)
        if len(pauses) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("cli.logs.time.sleep", pause)
    assert len(pyat("logs", "-f").stdout.splitlines()) == 2
