"""What an app tells of its work as spans: their ids join up, and nothing waits for them."""

import asyncio
import time

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.trace import StatusCode

from chassis import Mesh, asking
from chassis._context import acting, background
from chassis._settings import VERSION
from chassis._spans import START, announce, doing, span, taken_by
from chassis._spans_export import ROOM, Export

from . import notes_app

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def app(dapr):
    return notes_app.create(notes_app.Settings(**dapr.settings()))


@pytest.fixture
def exported():
    """The spans so far, by name."""
    found = {}
    taken_by(lambda span: found.update({span.name: span}))
    yield found
    taken_by(None)


def ids(each):
    return f"{each.context.trace_id:032x}", each.parent and f"{each.parent.span_id:016x}"


async def test_a_request_is_a_span_of_its_callers_trace(client, exported):
    await client.get("/notes/mine", headers={"traceparent": f"00-{TRACE}-{CALLER}-01"})
    found = exported["GET /notes/mine"]
    assert ids(found) == (TRACE, CALLER)
    assert found.attributes["http.response.status_code"] == 200
    assert found.attributes["platform.tenant"] == "local"
    assert found.resource.attributes["service.name"] == "note-service"


async def test_a_secret_in_a_path_is_not_in_its_span(client, exported):
    await client.get("/notes/pat" + "Canary12345678." + "c0" * 32)
    (found,) = exported.values()
    assert found.attributes["url.path"] == "/notes/[hidden]"


async def test_a_mistake_of_the_caller_has_its_code_and_is_no_failure(client, exported):
    await client.get("/notes/mine", headers={"x-timeout-ms": "soon"})
    (found,) = exported.values()
    assert (found.attributes["error.type"], found.status.status_code) == ("mesh.no-deadline", StatusCode.UNSET)


async def test_who_is_called_gets_the_span_of_the_call_as_its_cause(app, client, dapr, peers, exported):
    mesh: Mesh = app.state.chassis.mesh
    context = background("note-service", seconds=5)
    context.flags = "01"
    peers["other-service"].answers(json={})
    with acting(context):
        await mesh.call("other-service", "GET", "/x")
    found = exported["GET other-service"]
    sent = peers["other-service"].requests[-1].headers["traceparent"]
    assert sent == f"00-{context.trace_id}-{found.context.span_id:016x}-01"
    assert ids(found) == (context.trace_id, context.span_id)
    assert (found.attributes["peer.service"], found.attributes["http.response.status_code"]) == ("other-service", 200)


async def test_what_nobody_asked_for_has_no_span_here_nor_at_who_is_called(app, client, peers, exported):
    peers["other-service"].answers(json={})
    context = background("note-service", seconds=5)
    with acting(context):
        await app.state.chassis.mesh.call("other-service", "GET", "/x")
        with span("postgresql", {}):
            pass
    assert exported == {}
    assert peers["other-service"].requests[-1].headers["traceparent"].endswith("-00")


async def test_work_without_a_request_is_a_span_with_its_failure(exported):
    context = background("note-service")
    context.flags = "01"
    with pytest.raises(ZeroDivisionError), doing(context, "job tidy", "internal", {}), span("part", {}):
        raise ZeroDivisionError
    found = exported
    assert found["job tidy"].attributes["error.type"] == "ZeroDivisionError"
    assert found["job tidy"].status.status_code is StatusCode.ERROR
    assert ids(found["part"]) == (context.trace_id, context.span_id)


async def test_an_error_that_only_passes_through_a_part_is_not_blamed_on_it(exported):
    context = background("note-service")
    context.flags = "01"
    with pytest.raises(ZeroDivisionError), acting(context), span("postgresql", {}, blame="database."):
        raise ZeroDivisionError
    assert exported["postgresql"].status.status_code is StatusCode.UNSET


@pytest.fixture
async def outside():
    """A host that sends its headers and then, when it is told to, its body: or breaks off when it is told so before."""
    goes_on, breaks = asyncio.Event(), asyncio.Event()

    async def answer(request):
        response = web.StreamResponse(headers={"content-length": "4"})
        await response.prepare(request)
        await goes_on.wait()
        if breaks.is_set():
            request.transport.close()
        else:
            await response.write(b"body")
        return response

    app = web.Application()
    app.router.add_get("/slow", answer)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        context = background("note-service")
        context.flags = "01"
        with acting(context):
            yield lambda: asking(session, "GET", server.make_url("/slow"), peer="elsewhere"), goes_on, breaks


async def test_a_call_to_the_outside_lasts_until_its_body_was_read(outside, exported):
    ask, goes_on, _ = outside
    async with ask() as response:
        assert exported == {}
        goes_on.set()
        await response.read()
        was_read = time.time_ns()
    found = exported["GET elsewhere"]
    assert found.end_time >= was_read
    assert found.attributes["http.response.status_code"] == 200
    assert found.status.status_code is StatusCode.UNSET


async def read(answer):
    async with answer as response:
        return await response.read()


async def test_a_body_that_breaks_off_is_the_failure_of_the_call(outside, exported):
    ask, goes_on, breaks = outside
    breaks.set()
    goes_on.set()
    with pytest.raises(aiohttp.ClientPayloadError):
        await read(ask())
    assert exported["GET elsewhere"].attributes["error.type"] == "ClientPayloadError"
    assert exported["GET elsewhere"].status.status_code is StatusCode.ERROR


async def test_a_start_tells_version_and_place_and_of_settings_a_digest_but_no_secret(dapr, exported):
    settings = notes_app.Settings(**dapr.settings(), max_body_bytes=2048)
    announce(settings)
    about = exported[START].attributes
    assert exported[START].resource.attributes["service.instance.id"] == about["service.instance.id"]
    assert (about["service.version"], about["server.port"]) == (VERSION, settings.app_port)
    given = {name: digest for name, digest in about.items() if name.startswith("platform.setting.")}
    assert list(given) == ["platform.setting.NOTE_SERVICE_MAX_BODY_BYTES"]
    assert "2048" not in str(given)
    assert settings.app_api_token.get_secret_value() not in str(about)


class Backend:
    """Takes exports until it is told to hang; counts their spans, and what `observe` is told."""

    def __init__(self):
        self.spans, self.counted, self.hangs = 0, {True: 0, False: 0}, asyncio.Event()

    async def take(self, request):
        if self.hangs.is_set():
            await asyncio.sleep(60)
        body = ExportTraceServiceRequest.FromString(await request.read())
        self.spans += sum(len(scope.spans) for each in body.resource_spans for scope in each.scope_spans)
        return web.Response()

    def observe(self, count, done):
        self.counted[done] += count


@pytest.fixture
async def backend():
    """A backend of OTLP, and an export to it."""
    backend, app = Backend(), web.Application()
    app.router.add_post("/v1/traces", backend.take)
    async with TestServer(app) as server:
        export = Export(str(server.make_url("/")), backend.observe)
        taken_by(export.take)
        running = asyncio.create_task(export.run())
        yield backend
        taken_by(None)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def make(count):
    context = background("note-service")
    context.flags = "01"
    with acting(context):
        for _ in range(count):
            with span("part", {}):
                pass


async def test_spans_leave_by_otlp(backend):
    make(100)
    async with asyncio.timeout(10):
        while backend.counted[True] < 100:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert backend.spans == 100


async def test_a_backend_that_hangs_holds_nothing_up_and_what_finds_no_room_is_dropped_and_counted(backend):
    backend.hangs.set()
    make(ROOM + 50)
    assert backend.counted == {True: 0, False: 50}
    async with asyncio.timeout(10):
        while backend.counted[False] == 50:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_the_start_is_told_again_until_it_is_taken():
    """Who takes spans may start at the same time."""
    backend, asked = Backend(), asyncio.Event()

    async def take(request):
        if not asked.is_set():
            asked.set()
            return web.Response(status=503)
        return await backend.take(request)

    app = web.Application()
    app.router.add_post("/v1/traces", take)
    async with TestServer(app) as server:
        export = Export(str(server.make_url("/")), backend.observe)
        context = background("note-service")
        context.flags = "01"
        taken_by(export.take)
        with doing(context, START, "internal", {}), span("part", {}):
            pass
        taken_by(None)
        running = asyncio.create_task(export.run())
        async with asyncio.timeout(20):
            while not backend.counted[True]:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert backend.counted == {False: 2, True: 1}
    assert backend.spans == 1
