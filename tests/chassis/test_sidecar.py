"""What crosses the mesh and how it fails: one suite for the fake sidecar and for a real daprd."""

import asyncio
import signal
import time
from datetime import timedelta

import pytest
from pydantic import BaseModel

from chassis import (
    AppError,
    Context,
    Generations,
    Mesh,
    Peer,
    PeerProblem,
    PeerUnavailable,
    SecretMissing,
    Secrets,
    State,
    StateConflict,
    StateUnavailable,
)
from chassis._context import enter, leave

from .sidecars import CALLEE, CALLER, CallerSettings, RealDapr, free_ports

pytestmark = pytest.mark.asyncio(loop_scope="session")

TRACE = "0af7651916cd43dd8448eb211c80319c"
UNAVAILABLE = ("peer.unavailable", 503, CALLEE)


class Note(BaseModel):
    id: int
    text: str = ""


class NoteService(Peer, app_id=CALLEE):
    async def note(self, number: int) -> Note:
        return await self.get(f"/notes/{number}", Note)

    async def add(self, note: Note) -> Note:
        return await self.post("/notes/all", Note, json=note)


async def refusal(call) -> AppError:
    with pytest.raises(AppError) as raised:
        await call
    return raised.value


def what(error: AppError):
    return error.code, error.status, error.service


async def test_a_call_carries_trace_identity_and_remaining_time(sidecar, mesh):
    sidecar.peer.answers(json={"ok": True})
    context = Context(
        CALLER, TRACE, "b7ad6b7169203331", "request-1", deadline=time.monotonic() + 7, authorization="Bearer t"
    )  # fmt: skip
    token = enter(context)
    try:
        answer = await mesh.call(CALLEE, "POST", "/notes/all", body=b'{"a":1}')
    finally:
        leave(token)
    assert (answer.status, answer.body) == (200, b'{"ok":true}')
    (seen,) = sidecar.peer.requests
    assert (seen.method, seen.path, seen.body) == ("POST", "/notes/all", b'{"a":1}')
    assert seen.headers["traceparent"] == f"00-{TRACE}-b7ad6b7169203331-01"
    assert seen.headers["x-request-id"] == "request-1"
    assert seen.headers["authorization"] == "Bearer t"
    assert 6000 < int(seen.headers["x-timeout-ms"]) <= 7000


async def keys_of(sidecar, mesh, request: Context, *calls: tuple[str, str]) -> list[str | None]:
    """The idempotency keys that arrive when the calls (method, path) are made for `request`."""
    before = len(sidecar.peer.requests)
    token = enter(request)
    try:
        for method, path in calls:
            await mesh.call(CALLEE, method, path, body=b"{}")
    finally:
        leave(token)
    return [seen.headers.get("idempotency-key") for seen in sidecar.peer.requests[before:]]


def a_request(key: str | None, app_id: str = CALLER) -> Context:
    return Context(app_id, TRACE, "b7ad6b7169203331", "request-1", idempotency_key=key)


async def test_each_unsafe_call_of_a_request_has_a_key_of_its_own_and_the_same_when_the_request_comes_again(
    sidecar, mesh
):
    sidecar.peer.answers(json={})
    calls = [("POST", "/notes/all"), ("POST", "/notes/all"), ("POST", "/notes/1?x=1"), ("PUT", "/notes/1")]
    first = await keys_of(sidecar, mesh, a_request("key-1"), *calls)
    assert len({*first, None, "key-1"}) == len(calls) + 2
    again = await keys_of(sidecar, mesh, a_request("key-1"), ("GET", "/notes/1"), *calls)
    assert again == [None, *first]
    reordered = await keys_of(sidecar, mesh, a_request("key-1"), calls[3], calls[0])
    assert reordered == [first[3], first[0]]
    assert not {*first} & {*await keys_of(sidecar, mesh, a_request("key-2"), *calls)}
    assert not {*first} & {*await keys_of(sidecar, mesh, a_request("key-1", "other-service"), *calls)}
    assert await keys_of(sidecar, mesh, a_request(None), *calls) == [None] * len(calls)


async def test_a_call_that_did_not_get_through_keeps_its_key_from_the_next_one(sidecar, mesh):
    """Else the second call of a request would be the first one when the request comes again."""
    sidecar.peer.answers(json={})
    request = a_request("key-1")
    token = enter(request)
    try:
        async with sidecar.fault("dead"):
            await refusal(mesh.call(CALLEE, "POST", "/notes/all"))
        sidecar.peer.forget()
        sidecar.peer.answers(json={})
    finally:
        leave(token)
    (second,) = await keys_of(sidecar, mesh, request, ("POST", "/notes/all"))
    assert (await keys_of(sidecar, mesh, a_request("key-1"), *[("POST", "/notes/all")] * 2))[1] == second


async def test_a_key_that_the_code_gives_is_the_calls(sidecar, mesh):
    sidecar.peer.answers(json={})
    token = enter(a_request("key-1"))
    try:
        await mesh.call(CALLEE, "POST", "/notes/all", headers={"Idempotency-Key": "mine"})
    finally:
        leave(token)
    assert sidecar.peer.requests[-1].headers["idempotency-key"] == "mine"


async def test_an_authorization_of_a_client_never_travels(sidecar, mesh):
    sidecar.peer.answers()
    await mesh.call(CALLEE, "GET", "/notes/1", headers={"Authorization": "Bearer pya_client", "x-own": "1"})
    assert "authorization" not in sidecar.peer.requests[0].headers
    assert sidecar.peer.requests[0].headers["x-own"] == "1"


@pytest.mark.parametrize(
    "path",
    [
        "/notes/a%2Fb", "/notes/100%25", "/notes/a%20b", "/notes/%C3%A4;p=1", "/notes/%3Fx%23y", "/notes/%FF",
        "/notes/..%2Fclosed", "/notes/%2e%2e/closed", "/notes/%252F", "/notes/%22%5B%5D%5C", "/notes/a:b@c!$'()*,=~-_.",
        "/notes/a?q=a%2Fb&x=%7B%7D+z%25&q=2",
    ],
)  # fmt: skip
async def test_a_path_arrives_as_it_was_written(sidecar, mesh, path):
    sidecar.peer.answers()
    await mesh.call(CALLEE, "GET", path)
    assert sidecar.peer.requests[0].path == path


@pytest.mark.parametrize("path", ["/notes/../closed", "/notes/.", "/./notes/x"])
async def test_a_path_with_dot_segments_is_refused_before_it_leaves(sidecar, mesh, path):
    assert (await refusal(mesh.call(CALLEE, "GET", path))).code == "request.malformed"
    assert sidecar.peer.requests == []


async def test_a_callee_is_not_asked_to_pack_what_daprd_would_unpack(sidecar, mesh):
    sidecar.peer.answers()
    await mesh.call(CALLEE, "GET", "/notes/1")
    await mesh.call(CALLEE, "GET", "/notes/1", headers={"Accept-Encoding": "gzip"})
    assert [seen.headers["accept-encoding"] for seen in sidecar.peer.requests] == ["identity", "gzip"]


async def test_a_peers_problem_passes_as_it_was_told(sidecar, mesh):
    sidecar.peer.answers(429, headers={"retry-after": "7"})
    error = await refusal(NoteService(mesh).note(1))
    assert isinstance(error, PeerProblem)
    assert what(error) == ("callee-service.answered-429", 429, CALLEE)
    assert (error.fault, error.trace_id, error.headers) == ("client", "0" * 31 + "1", {"Retry-After": "7"})


async def test_a_typed_answer_is_validated(sidecar, mesh):
    sidecar.peer.answers(json={"id": 7, "text": "hello", "new": True})
    assert await NoteService(mesh).add(Note(id=7)) == Note(id=7, text="hello")
    assert sidecar.peer.requests[0].json() == {"id": 7}
    sidecar.peer.answers(json={"id": "seven"})
    assert what(await refusal(NoteService(mesh).note(1))) == ("peer.invalid-answer", 502, CALLEE)


async def test_errors_an_app_answers_leave_the_breaker_closed(sidecar, mesh):
    sidecar.peer.answers(503)
    for _ in range(7):
        assert (await mesh.call(CALLEE, "GET", "/notes/1")).status == 503
    assert mesh.breakers()[CALLEE]["state"] == "closed"


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        ("dead", "its app is not listening"),
        ("unhealthy", "its app does not answer its health checks"),
        ("sidecar-dead", "its sidecar is gone"),
    ],
)
async def test_what_did_not_reach_the_callee_is_safe_to_send_again(sidecar, mesh, fault, seen):
    async with sidecar.fault(fault):
        sidecar.peer.requests.clear()
        for method in ("GET", "POST"):
            error = await refusal(mesh.call(CALLEE, method, "/notes/1"))
            assert what(error) == UNAVAILABLE
            assert seen in error.detail
            assert error.headers == {"Retry-After": "1"}


@pytest.mark.parametrize("body", [b"{}", None])
async def test_what_did_not_reach_the_callee_is_sent_once_more_whatever_its_verb(sidecar, mesh, body):
    for method in ("GET", "POST"):
        request = a_request(None)
        token = enter(request)
        try:
            async with sidecar.fault("dead"):
                await refusal(mesh.call(CALLEE, method, "/notes/1", body=body))
        finally:
            leave(token)
        assert [callee for callee, _ in request.hops] == [CALLEE, CALLEE]


async def test_an_unknown_app_id_is_said_to_be_unknown(sidecar, mesh):
    if not sidecar.real:
        sidecar.dapr.peers["nobody-service"].fails("unknown")
    error = await refusal(mesh.call("nobody-service", "POST", "/notes/1"))
    assert what(error) == ("peer.unavailable", 503, "nobody-service")
    assert "the id is unknown" in error.detail


async def test_a_call_the_access_rules_do_not_allow_is_denied_and_not_held_against_the_callee(sidecar, mesh):
    async with sidecar.fault("denied"):
        for _ in range(6):
            error = await refusal(mesh.call(CALLEE, "GET", "/closed/x"))
            assert (what(error), error.fault) == (("mesh.denied", 403, CALLEE), "platform")
        assert mesh.breakers()[CALLEE]["state"] == "closed"


async def test_the_lost_answer_of_an_unsafe_call_is_not_asked_for_again(sidecar, mesh):
    sidecar.peer.hangs_up()
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        error = await refusal(mesh.call(CALLEE, method, "/notes/1", body=b"{}"))
        assert what(error) == ("peer.answer-lost", 502, CALLEE)
        assert error.headers == {}
    assert [seen.method for seen in sidecar.peer.requests] == ["POST", "PUT", "DELETE", "PATCH"]


async def test_a_safe_call_that_was_lost_is_made_once_more(sidecar, mesh):
    sidecar.peer.answers(json={"id": 1}).hangs_up(times=1)
    assert await NoteService(mesh).note(1) == Note(id=1)
    sidecar.peer.hangs_up()
    assert what(await refusal(NoteService(mesh).note(1))) == UNAVAILABLE
    assert len(sidecar.peer.requests) == 4


async def test_an_empty_success_that_no_app_has_signed_is_a_lost_answer(sidecar, mesh):
    """Seldom, of a callee that is killed in the midst of a call, daprd makes one; an app's own has its trace id."""
    sidecar.peer.answers(json={"id": 1}).fails("emptied", times=1)
    assert await NoteService(mesh).note(1) == Note(id=1)
    sidecar.peer.fails("emptied")
    error = await refusal(mesh.call(CALLEE, "POST", "/notes/1", body=b"{}"))
    assert what(error) == ("peer.answer-lost", 502, CALLEE)
    with pytest.raises(PeerUnavailable):
        async with mesh.stream(CALLEE, "GET", "/notes/1"):
            raise AssertionError
    sidecar.peer.answers()
    assert (await mesh.call(CALLEE, "POST", "/notes/1")).body == b""


async def test_a_frozen_callee_costs_its_caller_the_time_given_and_no_more(sidecar, mesh):
    sidecar.peer.fails("frozen")
    began = time.monotonic()
    error = await refusal(mesh.call(CALLEE, "GET", "/notes/1", timeout=0.3))
    assert what(error) == ("peer.timeout", 504, CALLEE)
    assert 0.3 <= time.monotonic() - began < 0.8
    async with asyncio.timeout(3):
        await sidecar.peer.disconnected.wait()


async def test_an_answer_cut_short_is_not_taken_for_whole(sidecar, mesh):
    sidecar.peer.answers(body=b'{"id":1}', headers={"x-body-length": "100"})
    assert what(await refusal(mesh.call(CALLEE, "POST", "/notes/1"))) == ("peer.answer-lost", 502, CALLEE)
    async with mesh.stream(CALLEE, "GET", "/notes/1") as answer:
        assert answer.headers["content-length"] == "100"
        assert answer.content_length == 100


async def test_a_stream_arrives_piece_by_piece_and_ends_at_the_callee_when_its_reader_leaves(sidecar, mesh):
    sidecar.peer.streams(b"data: 1\n\n")
    headers = {"accept": "text/event-stream"}
    async with asyncio.timeout(3):
        async with mesh.stream(CALLEE, "GET", "/notes/events", headers=headers) as answer:
            assert await answer.content.readany() == b"data: 1\n\n"
            assert not sidecar.peer.disconnected.is_set()
        await sidecar.peer.disconnected.wait()


async def test_a_cancelled_reader_ends_the_stream_at_the_callee(sidecar, mesh):
    sidecar.peer.streams(b"data: 1\n\n")
    reading = asyncio.Event()

    async def read() -> None:
        async with mesh.stream(CALLEE, "GET", "/notes/events", headers={"accept": "text/event-stream"}) as answer:
            await answer.content.readany()
            reading.set()
            await answer.content.readany()

    async with asyncio.timeout(3):
        task = asyncio.create_task(read())
        await reading.wait()
        task.cancel()
        await sidecar.peer.disconnected.wait()
    assert mesh.breakers()[CALLEE]["state"] == "closed"


async def pieces(count: int):
    for _ in range(count):
        yield b"x" * 2**18


async def test_bodies_of_15_mib_pass_whole_or_in_pieces(sidecar, mesh):
    sidecar.peer.answers(204)
    await mesh.call(CALLEE, "POST", "/notes/1", body=b"x" * (15 * 2**20))
    async with mesh.stream(CALLEE, "POST", "/notes/1", body=pieces(60)) as answer:
        assert answer.status == 204
    assert [len(seen.body) for seen in sidecar.peer.requests] == [15 * 2**20, 15 * 2**20]


async def test_a_body_larger_than_the_mesh_carries_is_too_large(sidecar, mesh):
    sidecar.peer.answers(204)
    error = await refusal(mesh.call(CALLEE, "POST", "/notes/1", body=b"x" * (17 * 2**20)))
    assert what(error) == ("request.too-large", 413, CALLER)


async def test_the_error_of_whoever_sends_the_body_is_the_one_that_is_raised(sidecar, mesh):
    from chassis import RequestTooLarge

    async def growing():
        yield b"x"
        raise RequestTooLarge("more than allowed")

    sidecar.peer.answers(204)
    with pytest.raises(RequestTooLarge, match="more than allowed"):
        async with mesh.stream(CALLEE, "POST", "/notes/1", body=growing()):
            raise AssertionError


async def test_a_sidecar_that_does_not_know_the_apps_token_is_the_callers_own_trouble(sidecar):
    mesh = Mesh(CallerSettings(**{**sidecar.settings(), "dapr_api_token": "another"}))
    error = await refusal(mesh.call(CALLEE, "POST", "/notes/1"))
    await mesh.aclose()
    assert what(error) == ("sidecar.unavailable", 503, CALLER)
    assert "refused the app's token" in error.detail


async def test_a_sidecar_that_is_gone_is_the_callers_own_trouble(sidecar):
    mesh = Mesh(CallerSettings(**{**sidecar.settings(), "dapr_http_port": free_ports(1)[0]}))
    for _ in range(6):
        error = await refusal(mesh.call(CALLEE, "POST", "/notes/1"))
        assert what(error) == ("sidecar.unavailable", 503, CALLER)
    assert (await refusal(State(mesh).get("key"))).code == "sidecar.unavailable"
    assert (await refusal(Secrets(mesh).get("key"))).code == "sidecar.unavailable"
    await mesh.aclose()


@pytest.mark.parametrize(
    "value", [b'{"z":12345678901234567890123,"a":1.0}', b"\x00\xff\xfe", b"", "ä\u2028<&>".encode()]
)
async def test_state_gives_back_the_bytes_it_was_given(sidecar, mesh, value):
    state = State(mesh)
    await state.save("bytes/1", value, ttl=timedelta(minutes=1))
    stored = await state.get("bytes/1")
    assert stored is not None
    assert stored[0] == value


async def test_what_was_kept_under_a_generation_is_found_by_all_until_somebody_renews_it(sidecar, mesh):
    here, there = Generations(State(mesh)), Generations(State(mesh))
    before = await here.of("base-1")
    assert await there.of("base-1") == before
    renewed = await here.renew("base-1")
    await here.lapse()
    assert renewed != before
    assert await there.of("base-1") == renewed
    assert await there.of("base-2") != renewed


async def test_those_who_find_no_generation_at_the_same_time_begin_one_together(sidecar, mesh):
    generations = Generations(State(mesh))
    assert len(set(await asyncio.gather(*(generations.of("fresh") for _ in range(5))))) == 1


async def test_state_knows_models_and_forgets_what_is_deleted(sidecar, mesh):
    state = State(mesh)
    await state.save("note", Note(id=1, text="x"), ttl=timedelta(minutes=1))
    stored = await state.get("note", Note)
    assert stored is not None
    assert stored[0] == Note(id=1, text="x")
    await state.delete("note")
    await state.delete("note")
    assert await state.get("note", Note) is None


async def test_a_write_with_an_old_etag_is_refused(sidecar, mesh):
    state, minute = State(mesh), timedelta(minutes=1)
    await state.delete("counter")
    await state.save("counter", b"1", ttl=minute, etag=State.NEW)
    with pytest.raises(StateConflict):
        await state.save("counter", b"x", ttl=minute, etag=State.NEW)
    _, etag = await state.get("counter") or (b"", "")
    await state.save("counter", b"2", ttl=minute, etag=etag)
    with pytest.raises(StateConflict):
        await state.save("counter", b"x", ttl=minute, etag=etag)
    with pytest.raises(StateConflict) as refused:
        await state.delete("counter", etag=etag)
    assert refused.value.code == "state.conflict"
    assert (await state.get("counter") or (b"", ""))[0] == b"2"


async def test_a_transaction_stores_and_removes_several_keys_at_once(sidecar, mesh):
    state, minute = State(mesh), timedelta(minutes=1)
    await state.save("old", b"1", ttl=minute)
    await state.transaction({"one/1": b"\x00", "two": Note(id=2), "old": None, "never": None}, ttl=minute)
    assert (await state.get("one/1") or (b"",))[0] == b"\x00"
    assert (await state.get("two", Note) or (None,))[0] == Note(id=2)
    assert await state.get("old") is None
    _, etag = await state.get("two") or (b"", "")
    await state.transaction({"one/1": b"1", "two": b"2"}, ttl=minute)
    assert [(await state.get(key) or (b"",))[0] for key in ("one/1", "two")] == [b"1", b"2"]
    with pytest.raises(StateConflict):  # whoever reads in between has an old ETag
        await state.save("two", b"3", ttl=minute, etag=etag)
    await state.transaction({}, ttl=minute)


async def test_transactions_that_write_the_same_keys_do_not_mix(sidecar, mesh):
    state = State(mesh)
    names = [f"mixed-{n}" for n in range(20)]
    writers = [bytes([65 + n]) for n in range(12)]
    await asyncio.gather(
        *(state.transaction(dict.fromkeys(names, writer), ttl=timedelta(minutes=1)) for writer in writers)
    )
    assert len({(await state.get(name) or (b"",))[0] for name in names}) == 1


async def test_what_a_transaction_stored_is_gone_after_its_time_to_live(sidecar, mesh):
    state = State(mesh)
    await state.transaction({"short-1": b"1", "short-2": b"2"}, ttl=timedelta(seconds=1))
    assert await state.get("short-1") is not None
    if not sidecar.real:
        now = time.monotonic()
        sidecar.dapr.state.clock = lambda: now + 1.1
    async with asyncio.timeout(3):
        while await state.get("short-1") or await state.get("short-2"):  # noqa: ASYNC110  the clock of another process
            await asyncio.sleep(0.1)


async def test_a_transaction_has_an_end(sidecar, mesh):
    with pytest.raises(ValueError, match="100 is the end"):
        await State(mesh).transaction({str(n): None for n in range(101)}, ttl=timedelta(minutes=1))


async def test_a_key_saved_with_an_etag_is_refused_to_a_transaction_which_is_then_done_in_part(sidecar, mesh):
    """Why `transaction` takes no ETags: Redis undoes nothing. If Dapr ever does, this fails, and it can."""
    state, minute = State(mesh), timedelta(minutes=1)
    for key in ("guarded", "beside"):
        await state.delete(key)
    await state.save("guarded", b"1", ttl=minute, etag=State.NEW)
    with pytest.raises(StateConflict):
        await state.transaction({"beside": b"2", "guarded": b"2"}, ttl=minute)
    assert (await state.get("guarded") or (b"",))[0] == b"1"
    assert (await state.get("beside") or (b"",))[0] == b"2"


async def test_a_value_is_gone_after_its_time_to_live(sidecar, mesh):
    state = State(mesh)
    await state.save("short", b"1", ttl=timedelta(seconds=1))
    assert await state.get("short") is not None
    if not sidecar.real:
        now = time.monotonic()
        sidecar.dapr.state.clock = lambda: now + 1.1
    async with asyncio.timeout(3):
        while await state.get("short") is not None:  # noqa: ASYNC110  the clock of another process
            await asyncio.sleep(0.1)


async def test_a_store_that_is_away_is_unavailable_and_back_without_hands(sidecar, mesh):
    state = State(mesh)
    if isinstance(sidecar.dapr, RealDapr):
        sidecar.dapr.signal("redis", signal.SIGSTOP)
    else:
        sidecar.dapr.state.available = False
    try:
        for _ in range(6):
            began = time.monotonic()
            with pytest.raises(StateUnavailable) as refused:
                await state.get("key")
            assert time.monotonic() - began < 1.5
        assert (refused.value.code, refused.value.headers) == ("state.unavailable", {"Retry-After": "1"})
        assert "left alone" in refused.value.detail
    finally:
        if isinstance(sidecar.dapr, RealDapr):
            sidecar.dapr.signal("redis", signal.SIGCONT)
        else:
            sidecar.dapr.state.available = True
    async with asyncio.timeout(5):
        while True:
            try:
                await state.save("key", b"1", ttl=timedelta(minutes=1))
                return
            except StateUnavailable:
                await asyncio.sleep(0.1)


async def test_a_secret_may_have_slashes_in_its_name(sidecar, mesh):
    assert await Secrets(mesh).get("airtable/local/default") == "a token"


@pytest.mark.parametrize("name", ["not-allowed", "forgotten"])
async def test_a_secret_that_is_missing_or_not_allowed_is_a_matter_of_configuration(sidecar, mesh, name):
    with pytest.raises(SecretMissing) as refused:
        await Secrets(mesh).get(name)
    assert (refused.value.code, refused.value.fault) == ("secrets.missing", "config")
    assert name in refused.value.detail
