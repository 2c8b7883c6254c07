"""Logs are searched over all processes, a page at a time, by who runs the platform alone."""

import orjson
import pytest
import pytest_asyncio

from apps.analytics_service.app import create
from apps.analytics_service.settings import Settings
from chassis.testing import FakeDapr
from tests.postgres import NewDatabase

TRACE = "a" * 32
SINCE = "2026-11-25T10:00:00Z"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "written"


@pytest_asyncio.fixture
async def app(dapr: FakeDapr, new_database: NewDatabase, folder):
    dapr.secrets["database-url/analytics-service"] = await new_database("analytics-service")
    return create(Settings(**dapr.settings(), logs_folder=str(folder)))


@pytest.fixture
def write(folder):
    """Append lines to the log of a process: at second `at` of that hour, and what else it says."""
    folder.mkdir()

    def write(process: str, *lines: dict, suffix: str = "") -> None:
        with (folder / f"{process}.log{suffix}").open("ab") as file:
            for each in lines:
                at = f"2026-11-25T10:00:{each.pop('at'):06.3f}"
                when = {"time": f"{at}000000Z"} if process.endswith(".sidecar") else {"at": f"{at}Z", "level": "info"}
                file.write(orjson.dumps({**when, **each}) + b"\n")

    return write


async def told(client, **asked):
    page = (await client.get("/api/v1/logs", params={"since": SINCE, **asked})).json()
    return [(one["process"], one["event"]) for one in page["items"]], page


async def test_lines_of_all_processes_come_in_the_order_of_time(client, write):
    write("one-service", {"at": 2, "event": "second"}, {"at": 4, "event": "fourth"})
    write("one-service", {"at": 1, "event": "put aside"}, suffix=".1")
    write("two-service.sidecar", {"at": 3, "level": "warning", "msg": "third", "scope": "dapr"})
    found, page = await told(client)
    assert found == [
        ("one-service", "put aside"),
        ("one-service", "second"),
        ("two-service.sidecar", "third"),
        ("one-service", "fourth"),
    ]
    third = page["items"][2]
    assert (third["app"], third["level"], third["fields"]) == ("two-service", "warning", {"scope": "dapr"})
    assert page["more"] is False


async def test_lines_are_found_by_trace_tenant_app_level_text_and_time(client, write):
    write("one-service", {"at": 1, "event": "a", "trace_id": TRACE, "tenant": "local"}, {"at": 2, "event": "b"})
    write("one-service@1", {"at": 3, "event": "c", "level": "error"})
    write("two-service", {"at": 4, "event": "Deep Thought", "request_id": TRACE}, {"at": 5, "event": "e"})
    assert (await told(client, trace=TRACE))[0] == [("one-service", "a"), ("two-service", "Deep Thought")]
    assert (await told(client, tenant="local"))[0] == [("one-service", "a")]
    assert [event for _, event in (await told(client, app="one-service"))[0]] == ["a", "b", "c"]
    assert (await told(client, level="warning"))[0] == [("one-service@1", "c")]
    assert (await told(client, text="deep t"))[0] == [("two-service", "Deep Thought")]
    assert (await told(client, since="2026-11-25T10:00:02Z", until="2026-11-25T10:00:04Z"))[0] == [
        ("one-service", "b"),
        ("one-service@1", "c"),
    ]


async def test_pages_join_up_also_within_one_moment_and_go_on_with_what_comes_later(client, write):
    write("one-service", *({"at": 1, "event": str(number)} for number in range(5)))
    write("two-service", {"at": 1, "event": "5"})
    seen, cursor = [], None
    for _ in range(3):
        found, page = await told(client, page_size=2, **({"cursor": cursor} if cursor else {}))
        seen += [event for _, event in found]
        cursor = page["next"]
    assert seen == ["0", "1", "2", "3", "4", "5"]
    assert (await told(client, cursor=cursor))[0] == []
    write("one-service", {"at": 2, "event": "later"})
    assert (await told(client, cursor=cursor))[0] == [("one-service", "later")]


async def test_a_moment_deep_in_a_large_log_is_found(client, write):
    write("one-service", *({"at": number / 100, "event": str(number), "padding": "x" * 200} for number in range(3000)))
    found, _ = await told(client, since="2026-11-25T10:00:20.005Z", page_size=1)
    assert found == [("one-service", "2001")]


async def test_what_is_no_json_is_not_shown_and_secrets_are_hidden_again(client, write, folder):
    write("one-service", {"at": 1, "event": "Bearer abcdefghijklmnop", "password": "hunter2"})
    with (folder / "postgres.log").open("a") as file:
        file.write("2026-11-25 10:00:01 UTC LOG:  statement: SELECT secret\n")
    found, page = await told(client)
    assert found == [("one-service", "[hidden]")]
    assert page["items"][0]["fields"] == {"password": "[hidden]"}


async def test_logs_take_the_scope_of_who_runs_the_platform(client, write, dapr):
    """They are of all tenants."""
    narrow = {"authorization": f"Bearer {dapr.token(scopes=('traces.platform',))}"}
    answer = await client.get("/api/v1/logs", headers=narrow)
    assert answer.problem == ("logs.not-yours", 403, "analytics-service")


async def test_where_there_is_no_folder_the_answer_says_where_to_look(client):
    answer = await client.get("/api/v1/logs")
    assert answer.problem == ("logs.elsewhere", 501, "analytics-service")
    assert "kubectl logs" in answer.json()["detail"]
