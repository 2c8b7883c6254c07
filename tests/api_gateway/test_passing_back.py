"""An answer that breaks off is never taken for a whole one."""

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from apps.api_gateway.domain.routing import Route
from apps.api_gateway.routes.passing_back import WHOLE, pass_back
from chassis import AnswerLost, AppError, PeerUnavailable

ROUTE = Route("/x", "some-app", frozenset({"GET"}), 30, 1024)


class Breaking:
    """An answer that ends after `parts`: before its announced length, or with its connection."""

    status = 200
    raw_headers = ()

    def __init__(self, content_type: str, *parts: bytes, length: int | None = None) -> None:
        self.content_type = content_type
        self.content_length = length
        self.content = self
        self._parts = parts

    async def iter_any(self):
        for part in self._parts:
            yield part
        if self.content_length is None:
            raise aiohttp.ClientPayloadError


async def heard(response: Breaking, method: str) -> tuple[AppError, list[dict[str, Any]], SimpleNamespace]:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    record = SimpleNamespace(endless=False)
    with pytest.raises(AppError) as broken:
        await pass_back(response, record, ROUTE, method, None, send, lambda app: nullcontext())
    return broken.value, sent, record


@pytest.mark.parametrize(("method", "problem"), [("GET", PeerUnavailable), ("POST", AnswerLost)])
async def test_json_that_breaks_off_becomes_a_problem_because_nothing_of_it_was_sent(method, problem):
    error, sent, record = await heard(Breaking("application/json", b"[1,"), method)
    assert (type(error), error.service, sent, record.endless) == (problem, "some-app", [], False)


@pytest.mark.parametrize("content_type", ["text/event-stream", "application/json"])
async def test_a_stream_that_breaks_off_is_left_unfinished(content_type):
    error, sent, record = await heard(Breaking(content_type, b"a" * (WHOLE + 1), b"b"), "GET")
    assert record.endless
    assert isinstance(error, PeerUnavailable)
    assert sent[0]["type"] == "http.response.start"
    assert all(message["more_body"] for message in sent[1:])


async def test_an_answer_shorter_than_announced_is_a_broken_one():
    error, sent, _ = await heard(Breaking("text/plain", b"abc", length=4), "GET")
    assert (type(error), sent) == (PeerUnavailable, [])


async def test_a_stream_shorter_than_announced_is_left_unfinished():
    _, sent, record = await heard(Breaking("text/plain", b"abc", length=WHOLE + 1), "GET")
    assert record.endless
    assert [message.get("more_body") for message in sent] == [None, True]
