"""Airtable over HTTP: in turn, within the caller's time, never doubling a write."""

import asyncio
import io
import random
import time
from collections.abc import Callable
from dataclasses import replace

import aiohttp
from yarl import URL

from apps.airtable_connector.clients.breakers import Breakers
from apps.airtable_connector.clients.limiter import Limiter
from apps.airtable_connector.clients.tokens import Tokens
from apps.airtable_connector.domain import query, refusals
from apps.airtable_connector.domain.calls import Answer, Call
from apps.airtable_connector.domain.errors import (
    AirtableInvalidAnswer,
    AirtableReadOnly,
    AirtableTimeout,
    AirtableUnavailable,
    AirtableWriteUnknown,
)
from apps.airtable_connector.settings import Settings
from chassis import asking, current

WITHOUT_DEADLINE = 30.0  # s, for work no request waits for
TO_ANSWER = 0.05  # s kept back to tell the caller what happened before its time is over
LEAST_FOR_A_WRITE = 0.1  # s; with less left a write is not begun, its answer could not be heard
CONNECT = 5.0  # s at most for a connection; until it is there nothing has been sent
PAUSE = 0.2  # s at most before a read is tried again
LARGE = 256 * 1024  # bytes
KEPT_HEADERS = ("retry-after",)


class AirtableApi:
    """`send` is the only way to Airtable: reads are tried twice, writes once, a 429 waits out its penalty."""

    def __init__(self, settings: Settings, limiter: Limiter, tokens: Tokens) -> None:
        self._settings, self._limiter, self._tokens = settings, limiter, tokens
        self._root, self._uploads = settings.airtable_root, settings.upload_root
        self._session: aiohttp.ClientSession | None = None
        self._breakers = Breakers()

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._settings.concurrency, keepalive_timeout=15),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"user-agent": "pyairtable-platform"},
        )
        # Else aiohttp by itself repeats a PUT or DELETE whose connection broke: past the limit, and the second DELETE
        # finds nothing, which would be told as if the first had never happened.
        self._session._retry_connection = False

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def send(self, call: Call, tenant: str, *, at_its_turn: Callable[[], Call | None] | None = None) -> Answer:
        """Airtable's answer, whatever its status, except a 429 of its rate limit, which is waited out.

        `at_its_turn` gives what is sent in place of `call` in the moment of sending; None when nobody waits any more.

        Raises AirtableReadOnly, AirtableRateLimited, AirtableUnavailable, AirtableTimeout (of a read, or before a
        write was begun), AirtableWriteUnknown and AirtableInvalidAnswer.
        """
        if not call.read and not self._settings.allow_writes:
            raise AirtableReadOnly()
        call = _fitting(call)
        deadline = self._deadline()
        token = await self._tokens.of(tenant, call.connection)
        tried = 0
        while True:
            tried += 1
            try:
                answer = await self._in_turn(call, token, deadline, at_its_turn)
            except AirtableUnavailable:
                if not self._again(call, tried, deadline):
                    raise
            else:
                if answer.status == 401:
                    self._tokens.refused(tenant, call.connection)
                if answer.status == 429 and not refusals.is_plan_limit(answer):
                    continue
                if answer.status < 500 or not self._again(call, tried, deadline):
                    return answer
            await asyncio.sleep(random.uniform(0, PAUSE))

    def _deadline(self) -> float:
        left = current().remaining()
        return time.monotonic() + (WITHOUT_DEADLINE if left is None else left) - TO_ANSWER

    def _again(self, call: Call, tried: int, deadline: float) -> bool:
        return call.read and tried == 1 and time.monotonic() + PAUSE < deadline

    async def _in_turn(
        self, call: Call, token: str, deadline: float, at_its_turn: Callable[[], Call | None] | None
    ) -> Answer:
        last_moment = deadline if call.read else deadline - LEAST_FOR_A_WRITE
        if time.monotonic() >= last_moment:
            raise AirtableTimeout(
                "The time of this request ended before it was sent to Airtable: nothing happened there. Give it more."
            )
        with self._breakers.around(call.base) as attempt:
            await self._limiter.turn(call.base, token, last_moment, call.priority)
            sent = at_its_turn() if at_its_turn else call
            if sent is None:
                raise AirtableTimeout("Nobody waits for this any more: nothing was sent to Airtable.")
            attempt.time = deadline - time.monotonic()
            answer = await self._once(sent, token, attempt.time)
            attempt.status = answer.status
        if answer.status == 429 and not refusals.is_plan_limit(answer):
            await self._limiter.penalised(call.base)
        return answer

    async def _once(self, call: Call, token: str, left: float) -> Answer:
        assert self._session is not None, "the app has not started"
        headers = {"authorization": f"Bearer {token}"}
        if call.body is not None:
            headers["content-type"] = call.content_type
        timeout = aiohttp.ClientTimeout(total=min(left, self._settings.attempt_timeout), connect=min(left, CONNECT))
        root = self._uploads if call.path.endswith("/uploadAttachment") else self._root
        url = URL(f"{root}/v0/{call.target}", encoded=True)
        try:
            async with asking(
                self._session,
                call.method,
                url,
                peer="airtable",
                data=_in_pieces(call.body),
                headers=headers,
                timeout=timeout,
                allow_redirects=False,
            ) as response:
                return await self._read(response)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as failure:
            raise AirtableUnavailable(
                "Airtable cannot be reached (nothing was sent). Check AIRTABLE_CONNECTOR_AIRTABLE_URL and the network; "
                "then repeat the request.",
                headers={"retry-after": "1"},
            ) from failure
        except TimeoutError as failure:
            if call.read:
                raise AirtableTimeout(
                    "Airtable did not answer in time. Repeat it, with more time if need be."
                ) from failure
            raise _unknown("no answer came in time") from failure
        except aiohttp.ClientError as failure:
            if call.read:
                raise AirtableUnavailable(
                    "The connection to Airtable broke before its answer was complete. Repeat the request.",
                    headers={"retry-after": "1"},
                ) from failure
            raise _unknown("the connection broke before the answer came") from failure

    async def _read(self, response: aiohttp.ClientResponse) -> Answer:
        chunks, size = [], 0
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > self._settings.max_answer:
                raise AirtableInvalidAnswer(
                    f"Airtable's answer is over {self._settings.max_answer} bytes. Ask for fewer records or fields."
                )
            chunks.append(chunk)
        kept = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
        return Answer(response.status, b"".join(chunks), response.headers.get("content-type", ""), kept)


def _in_pieces(body: bytes | None) -> io.BytesIO | bytes | None:
    """aiohttp writes bytes in one go, which would hold up everybody else for a large file."""
    return io.BytesIO(body) if body is not None and len(body) > LARGE else body


def _fitting(call: Call) -> Call:
    """The same list as POST listRecords when its URL would be longer than Airtable takes."""
    if call.method != "GET" or not call.lists or len(call.target) <= query.MAX_URL:
        return call
    rest, body = query.as_list_records(query.parse(call.query))
    return replace(call, method="POST", path=f"{call.path}/listRecords", query=rest, body=body)


def _unknown(why: str) -> AirtableWriteUnknown:
    return AirtableWriteUnknown(
        f"Airtable had the write, but {why}: it may have happened. Read the records before repeating it."
    )
