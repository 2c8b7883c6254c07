"""A change whose answer was lost, asked for again under its key until its end is known: it happens once.

For stock Airtable clients, which have no idempotency keys: the gateway gives every request one. The app that has the
key answers what it did, when it has found that out, or does it now if it never did.
"""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack

import aiohttp

from apps.api_gateway.domain import answers
from apps.api_gateway.domain.routing import Route
from chassis import AnswerLost, AppError, BreakerOpen, Context, Log, Mesh, PeerUnavailable

TRIES, BETWEEN = 5, 0.3  # of an app that was not reached, s: one that died is mostly there again by then
PAUSE = 1.0  # s between two questions
SPARE = 1.0  # s of the request's time that are left for the answer


class Again:
    def __init__(self, mesh: Mesh, log: Log) -> None:
        self._mesh, self._log = mesh, log

    async def ask(
        self,
        stack: AsyncExitStack,
        context: Context,
        route: Route,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> tuple[aiohttp.ClientResponse, bool]:
        """The answer, open as long as `stack`, and whether it took more than one question.

        When the request's time runs out it is the first one, or its failure, which say that nobody knows. Raises what
        `Mesh.stream` raises.
        """
        first: aiohttp.ClientResponse | None = None
        failure: AppError | None = None
        again, tries = False, TRIES
        while True:
            try:
                async with AsyncExitStack() as this:
                    call = self._mesh.stream(route.app, method, target, headers=headers, body=body)
                    response = await this.enter_async_context(call)
                    known = not answers.nobody_knows(response.status, response.headers, again=again)
                    if known or not again:
                        await stack.enter_async_context(this.pop_all())
                        first = response
                    if known:
                        return response, again
            except AppError as error:
                if not again and not isinstance(error, AnswerLost):
                    tries -= 1
                    if not (tries and isinstance(error, PeerUnavailable | BreakerOpen)):
                        raise
                    await asyncio.sleep(BETWEEN)
                    continue
                failure = failure or error  # once it may have happened, an app that is away is waited for
            left = context.remaining()
            if left is None or left < PAUSE + SPARE:
                break
            if not again:
                self._log.info("an answer was lost and is asked for again", app=route.app, path=target)
            again = True
            await asyncio.sleep(PAUSE)
        if first is not None:
            return first, True
        assert failure is not None
        raise failure
