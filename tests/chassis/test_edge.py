"""What every request meets first, and what its answer carries."""

import asyncio
import time

import orjson
import pytest

from chassis import Log, _edge, _patience
from chassis.testing import AppClient

from . import notes_app

ME = "note-service"


@pytest.fixture
def app(dapr):
    return notes_app.create(notes_app.Settings(**dapr.settings()))


@pytest.fixture
def notes(app, client) -> notes_app.Notes:
    return app.state.chassis.container[notes_app.Notes]


@pytest.fixture
def lines(capsysbinary):
    """The log lines written since the last look."""

    def read():
        return [orjson.loads(line) for line in capsysbinary.readouterr().out.splitlines()]

    return read


async def test_a_request_that_came_the_right_way_is_answered(client):
    answer = await client.get("/notes/mine")
    assert answer.status == 200
    assert answer.json() == {"user": "developer", "tenant": "local", "page_size": 100, "limit": 10}


@pytest.mark.parametrize("token", [None, "wrong"])
async def test_a_request_around_the_sidecar_is_refused(client, token):
    answer = await client.get("/notes/mine", headers={"dapr-api-token": token})
    assert answer.problem == ("mesh.not-through-sidecar", 401, ME)


@pytest.mark.parametrize("value", [None, "", "0", "-5", "soon", "1e3", "٣"])
async def test_a_call_that_says_not_how_much_time_it_has_is_refused(client, value):
    answer = await client.get("/notes/mine", headers={"x-timeout-ms": value and value.encode().decode("latin-1")})
    assert answer.problem == ("mesh.no-deadline", 400, ME)


async def test_a_call_without_identity_is_refused(client):
    assert (await client.get("/notes/mine", headers={"authorization": None})).problem == (
        "identity.missing-key", 401, ME,
    )  # fmt: skip
    assert (await client.get("/notes/mine", headers={"authorization": "Bearer x.y.z"})).problem == (
        "identity.invalid-token", 401, ME,
    )  # fmt: skip


async def test_health_and_readiness_need_no_token(app, dapr, client):
    stranger = AppClient(app)
    assert (await stranger.get("/healthz")).json() == {"status": "alive", "app": ME}
    ready = (await stranger.get("/readyz")).json()
    assert (ready["ready"], ready["app"], ready["waits_for"], ready["breakers"]) == (True, ME, [], {})
    dapr.healthy = False
    answer = await stranger.get("/readyz")
    assert (answer.status, answer.json()["waits_for"]) == (503, ["its sidecar"])


async def test_daprd_asks_without_time_or_identity_but_not_without_token(client):
    bare = {"x-timeout-ms": None, "authorization": None}
    assert (await client.get("/dapr/config", headers=bare)).problem[0] == "request.unknown-route"
    bare["dapr-api-token"] = None
    assert (await client.get("/dapr/config", headers=bare)).problem[0] == "mesh.not-through-sidecar"


async def test_an_answer_carries_trace_request_and_timing(client):
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = {"traceparent": f"00-{trace}-b7ad6b7169203331-01", "x-request-id": "mine-1"}
    answer = await client.get("/notes/mine", headers=headers)
    assert (answer.headers["x-trace-id"], answer.headers["x-request-id"]) == (trace, "mine-1")
    assert answer.headers["server-timing"].startswith("note-service;dur=")


@pytest.mark.parametrize(
    "header",
    [
        "", "00-" + "0" * 32 + "-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", "12345",
    ],
)  # fmt: skip
async def test_a_trace_that_is_not_valid_is_replaced(client, header):
    answer = await client.get("/notes/mine", headers={"traceparent": header})
    assert answer.status == 200
    assert "0af7651916cd43dd8448eb211c80319c" not in answer.headers["x-trace-id"]
    assert len(answer.headers["x-trace-id"]) == 32


async def test_a_request_id_that_could_break_a_log_line_is_replaced(client):
    answer = await client.get("/notes/mine", headers={"x-request-id": "a b\x1b[31m"})
    assert answer.headers["x-request-id"] == answer.headers["x-trace-id"]


async def test_an_unknown_route_and_a_wrong_method_are_problems(client):
    assert (await client.get("/nowhere")).problem == ("request.unknown-route", 404, ME)
    answer = await client.put("/notes/all")
    assert answer.problem == ("request.method-not-allowed", 405, ME)
    assert answer.headers["allow"] == "POST"


async def test_invalid_fields_are_named(client):
    answer = await client.post("/notes/all", json={"stars": 9})
    assert answer.problem == ("request.invalid", 422, ME)
    assert [(e["in"], e["field"]) for e in answer.json()["errors"]] == [("body", "text"), ("body", "stars")]
    answer = await client.get("/notes/mine?limit=many")
    assert [(e["in"], e["field"]) for e in answer.json()["errors"]] == [("query", "limit")]


@pytest.mark.parametrize(
    ("body", "word"),
    [(b"{", "not valid JSON"), (b'{"text": NaN}', "not valid JSON"), (b'{"text": "\xff"}', "not valid UTF-8")],
)
async def test_a_body_that_is_not_json_is_malformed(client, body, word):
    answer = await client.post("/notes/all", body=body, headers={"content-type": "application/json"})
    assert answer.problem == ("request.malformed-json", 400, ME)
    assert word in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"[" * 64 + b"]" * 64, "request.invalid"),
        (b"[" * 65 + b"]" * 65, "request.too-deep"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "request.too-deep"),
        (b"[" * 100_000, "request.too-deep"),
        (b"]" * 100_000 + b"[]" * 99, "request.malformed-json"),
        (b'{"text":"' + b"[{" * 100 + b'\\"[","stars":[' + b"[]," * 99 + b"[]]}", "request.invalid"),
    ],
)
async def test_json_may_be_64_levels_deep_and_no_deeper(client, body, code):
    began = time.monotonic()
    answer = await client.post("/notes/all", body=body, headers={"content-type": "application/json"})
    assert answer.problem[0] == code
    assert time.monotonic() - began < 0.5


async def test_a_body_over_the_limit_is_refused_before_it_is_read(client):
    answer = await client.post("/notes/raw", body=b"x", headers={"content-length": str(2**20 + 1)})
    assert answer.problem == ("request.too-large", 413, ME)
    answer = await client.post("/notes/raw", body=b"x" * 2**20)
    assert answer.json() == {"bytes": 2**20}


async def test_a_body_of_unknown_length_is_counted_while_it_comes(client):
    headers = {"content-length": None, "transfer-encoding": "chunked"}
    for path in ("/notes/raw", "/notes/all"):
        headers["content-type"] = "application/json"
        answer = await client.post(path, body=b"x" * (2**20 + 1), headers=headers)
        assert answer.problem == ("request.too-large", 413, ME)


async def test_headers_over_64_kib_are_refused(client):
    answer = await client.get("/notes/mine", headers={"x-much": "x" * 65_000})
    assert answer.status == 200
    answer = await client.get("/notes/mine", headers={"x-much": "x" * 66_000})
    assert answer.problem == ("request.headers-too-large", 431, ME)


async def test_an_apps_own_error_names_the_app(client):
    answer = await client.post("/notes/all", json={"text": "x" * 21})
    assert answer.problem == ("note.too-long", 422, ME)
    document = answer.json()
    assert (document["type"], document["fault"], document["instance"]) == (
        "/problems/note.too-long", "client", "/notes/all",
    )  # fmt: skip
    assert document["trace_id"] == answer.headers["x-trace-id"]


async def test_a_peers_404_becomes_the_apps_own_error_and_other_problems_pass(client, peers):
    peers["schema-service"].answers(404)
    assert (await client.get("/notes/tables/x")).problem == ("note.unknown-table", 404, ME)
    peers["schema-service"].answers(409)
    assert (await client.get("/notes/tables/x")).problem == ("schema-service.answered-409", 409, "schema-service")


async def test_a_bug_is_answered_with_a_trace_id_and_nothing_else(client, lines):
    answer = await client.get("/notes/broken")
    assert answer.problem == ("platform.internal", 500, ME)
    assert b"RuntimeError" not in answer.body
    assert b"secret" not in answer.body
    (bug,) = [line for line in lines() if line["event"] == "unexpected error"]
    assert bug["trace_id"] == answer.json()["trace_id"]
    assert "RuntimeError" in bug["traceback"]
    assert "pya_secret" not in bug["traceback"]
    assert "abcdefghijklmnop" not in bug["traceback"]


async def test_each_request_is_one_log_line(client, peers, lines):
    peers["schema-service"].answers(json={"id": "t"})
    lines()
    answer = await client.get("/notes/tables/a%20b?token=hidden-in-a-query")
    (line,) = lines()
    assert (line["event"], line["app"], line["level"]) == ("request", ME, "info")
    assert (line["method"], line["path"], line["status"]) == ("GET", "/notes/tables/a b", 200)
    assert (line["tenant"], line["user"]) == ("local", "developer")
    assert line["trace_id"] == answer.headers["x-trace-id"]
    assert line["duration_ms"] > 0
    assert line["hops"][0]["app"] == "schema-service"
    assert "hidden-in-a-query" not in str(line)


async def test_a_request_is_answered_when_its_time_is_up(client, notes, monkeypatch):
    monkeypatch.setattr(_patience, "GRACE", 0.0)
    began = time.monotonic()
    answer = await client.get("/notes/slow", headers={"x-timeout-ms": "50"})
    assert answer.problem == ("request.timeout", 504, ME)
    assert time.monotonic() - began < 1
    assert notes.cancelled.is_set()


async def test_a_request_whose_client_left_is_given_up(client, notes, monkeypatch, lines):
    monkeypatch.setattr(_patience, "WATCH_AFTER", 0.0)
    left = asyncio.Event()
    asking = asyncio.create_task(client.get("/notes/slow", left=left))
    await notes.begun.wait()
    left.set()
    async with asyncio.timeout(2):
        await notes.cancelled.wait()
        await asking
    assert [line["status"] for line in lines() if line["event"] == "request"] == [_edge.CLIENT_LEFT]


async def test_a_stream_whose_client_left_is_given_up(client, notes, monkeypatch):
    monkeypatch.setattr(_patience, "WATCH_AFTER", 0.0)
    left = asyncio.Event()
    asking = asyncio.create_task(client.get("/notes/events", left=left))
    await notes.begun.wait()
    left.set()
    async with asyncio.timeout(2):
        await notes.cancelled.wait()
        assert (await asking).body == b"data: 1\n\n"


async def test_a_write_whose_client_left_is_finished(client, notes, monkeypatch):
    monkeypatch.setattr(_patience, "WATCH_AFTER", 0.0)
    left = asyncio.Event()
    asking = asyncio.create_task(client.post("/notes/slow", left=left))
    await notes.begun.wait()
    left.set()
    for _ in range(20):
        await asyncio.sleep(0)
    notes.go_on.set()
    assert (await asking).json() == {"done": True}
    assert not notes.cancelled.is_set()


async def test_an_app_that_does_not_come_up_says_what_it_waits_for(dapr, monkeypatch):
    monkeypatch.setattr(_edge, "START_PATIENCE", 0.05)
    dapr.healthy = False
    app = notes_app.create(notes_app.Settings(**dapr.settings()))
    async with app.router.lifespan_context(app):
        answer = await AppClient(app, dapr.headers()).get("/notes/mine")
        assert answer.problem == ("app.starting", 503, ME)
        assert "its sidecar" in answer.json()["detail"]
        assert answer.headers["retry-after"] == "1"


async def test_a_request_that_comes_a_little_early_is_answered_a_little_late(dapr):
    dapr.healthy = False
    app = notes_app.create(notes_app.Settings(**dapr.settings()))
    async with app.router.lifespan_context(app):
        asking = asyncio.create_task(AppClient(app, dapr.headers()).get("/notes/mine"))
        await asyncio.sleep(0)
        dapr.healthy = True
        assert (await asking).status == 200


async def test_an_unsafe_request_of_the_public_gets_an_idempotency_key_and_its_key_stays_outside(dapr, peers):
    from chassis import create_app, current

    seen = []

    async def door(scope, receive, send):
        seen.append(current())
        await send({"type": "http.response.start", "status": 204, "headers": [(b"server-timing", b"peer;dur=1")]})
        await send({"type": "http.response.body"})

    app = create_app(notes_app.Settings(**dapr.settings()), public=True, asgi=door)
    async with AppClient(app).running() as client:
        answer = await client.post("/anything", headers={"authorization": "Bearer pya_key", "x-request-id": "same"})
        assert answer.status == 204
        assert answer.headers["server-timing"].endswith(", peer;dur=1")
        await client.post("/anything", headers={"x-request-id": "same"})
        await client.post("/anything", headers={"idempotency-key": "mine"})
        await client.get("/anything")
    first, second, third, fourth = seen
    assert first.authorization is None
    assert first.idempotency_key
    assert first.idempotency_key != second.idempotency_key
    assert (third.idempotency_key, fourth.idempotency_key) == ("mine", None)
    assert 29 < first.remaining() <= 30


async def test_a_log_whose_reader_is_gone_fails_no_request(tmp_path):
    out = (tmp_path / "log").open("w")
    log = Log(ME, out=out)
    log.info("before")
    out.close()
    log.info("after")
    assert "before" in (tmp_path / "log").read_text()


async def test_the_metrics_tell_how_long_each_route_and_each_edge_took(app, client, peers):
    peers["schema-service"].answers(409)
    await client.get("/notes/tables/x")
    await client.get("/notes/tables/y")
    registry = app.state.chassis.metrics.registry

    route = {"method": "GET", "route": "/notes/tables/{name}", "status": "409"}
    assert registry.get_sample_value("http_request_duration_seconds_count", route) == 2
    edge = {"peer": "schema-service", "outcome": "409"}
    assert registry.get_sample_value("peer_call_duration_seconds_count", edge) == 2


async def test_a_problem_does_not_repeat_a_secret_that_was_sent_to_the_wrong_place(client):
    answer = await client.get("/nowhere/pat" + "Canary12345678." + "c0" * 32)
    assert answer.json()["instance"] == "/nowhere/[hidden]"
    assert b"Canary" not in answer.body
