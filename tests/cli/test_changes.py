"""`pyat changes`."""

from datetime import UTC, datetime, timedelta

ONE = {
    "at": "2026-11-25T10:00:00.123Z",
    "app": "schema-service",
    "kind": "settings",
    "detail": "SCHEMA_SERVICE_CONCURRENCY",
}


def test_what_changed_is_listed_with_the_way_to_the_next_page(gateway, pyat):
    gateway.on("GET", "/api/v1/changes", {"items": [ONE], "next": "7"})
    first, more = pyat("changes", "--app", "schema-service", "--kind", "settings").stdout.splitlines()
    assert first.split() == ["2026-11-25T10:00:00Z", "schema-service", "settings", "SCHEMA_SERVICE_CONCURRENCY"]
    assert more == "more: pyat changes --cursor 7"
    assert gateway.seen[-1].params == [("app", "schema-service"), ("kind", "settings")]


def test_since_is_a_time_or_how_long_ago(gateway, pyat):
    gateway.on("GET", "/api/v1/changes", {"items": [], "next": None})
    pyat("changes", "--since", "2h")
    ((name, value),) = gateway.seen[-1].params
    ago = datetime.now(UTC) - datetime.fromisoformat(value)
    assert (name, timedelta(hours=2) <= ago < timedelta(hours=3)) == ("since", True)
    pyat("changes", "--since", "2026-11-25T10:00:00+01:00")
    assert gateway.seen[-1].params == [("since", "2026-11-25T09:00:00+00:00")]
    assert pyat("changes", "--since", "yesterday").exit_code == 2
