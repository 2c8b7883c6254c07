"""Small calls on one table travel together: while the first waits for its turn at Airtable, others join its call."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from apps.airtable_connector.clients.airtable import AirtableApi
from apps.airtable_connector.domain import merging
from apps.airtable_connector.domain.calls import Answer, Call
from apps.airtable_connector.domain.errors import (
    AirtableInvalidAnswer,
    AirtableRateLimited,
    AirtableTimeout,
    AirtableWriteUnknown,
)
from apps.airtable_connector.domain.merging import Piece
from chassis import AppError, current

REFUSED = (400, 403, 404, 413, 422)  # for one record of a call, and so for all
NOT_BEGUN = (AirtableRateLimited, AirtableTimeout)


@dataclass(eq=False, slots=True)
class _Member:
    piece: Piece
    answer: "asyncio.Future[Answer]"


@dataclass(eq=False, slots=True)
class _Group:
    """The callers of one call. Once it is sent nobody joins or leaves."""

    members: list[_Member] = field(default_factory=list)
    sent: bool = False
    task: "asyncio.Task[None] | None" = None

    def takes(self, piece: Piece) -> bool:
        known = [one.piece for one in self.members]
        return (
            not self.sent
            and sum(len(one.records) for one in known) + len(piece.records) <= piece.most
            and not any(one.ids & piece.ids for one in known)
        )


class MergedCalls:
    def __init__(self, api: AirtableApi) -> None:
        self._api = api
        self._open: dict[tuple[object, ...], _Group] = {}

    async def stop(self) -> None:
        tasks = [group.task for group in self._open.values() if group.task]
        await asyncio.gather(*tasks, return_exceptions=True)

    async def send(self, call: Call, tenant: str) -> Answer:
        """As `AirtableApi.send`. Each caller gets the answer to its own records, and a record that Airtable refuses is
        its own caller's failure alone."""
        piece = merging.piece_of(call)
        if piece is None:
            return await self._api.send(call, tenant)
        key = (tenant, *piece.key)
        group = self._open.get(key)
        joined = group is not None and group.takes(piece)
        if group is None or not joined:
            group = self._open[key] = _Group()
        member = _Member(piece, asyncio.get_running_loop().create_future())
        group.members.append(member)
        if group.task is None:
            group.task = asyncio.create_task(self._carry(group, key, call, tenant))
        try:
            async with asyncio.timeout(current().remaining()):
                return await member.answer
        except TimeoutError as late:
            if member.answer.done() and not member.answer.cancelled():
                return member.answer.result()  # it came in the same moment
            if group.sent and call.read:
                raise AirtableTimeout(
                    "Airtable did not answer in time. Repeat it, with more time if need be."
                ) from late
            if group.sent:
                raise AirtableWriteUnknown("No answer of Airtable came in time: the write may have happened.") from late
            raise AirtableTimeout("The time of this request ended before its turn came: nothing happened.") from late
        except NOT_BEGUN:
            if not joined:
                raise
            return await self.send(call, tenant)  # the first one had less time than we have
        finally:
            if not group.sent:
                group.members.remove(member)

    async def _carry(self, group: _Group, key: tuple[object, ...], first: Call, tenant: str) -> None:
        """The whole way of one group, in a task of its own: who hangs up takes nobody's answer along."""

        def close() -> Call | None:
            group.sent = True
            if self._open.get(key) is group:
                del self._open[key]
            return merging.merged([one.piece for one in group.members]) if group.members else None

        try:
            answer = await self._api.send(first, tenant, at_its_turn=close)
            await self._hand_out(group.members, answer, tenant)
        except Exception as error:  # also what nobody foresaw: else those who joined would wait in vain
            _fail(group.members, error)
        finally:
            if self._open.get(key) is group:
                del self._open[key]
            group.sent = True

    async def _hand_out(self, members: Sequence[_Member], answer: Answer, tenant: str) -> None:
        if len(members) > 1 and answer.status in REFUSED:
            await self._send_again(members, merging.taken_apart([one.piece for one in members], answer), tenant)
            return
        parts = merging.parted([one.piece for one in members], answer) if answer.ok else [answer] * len(members)
        if parts is None:
            _fail(members, AirtableInvalidAnswer("Airtable's answer does not tell of all records that were sent."))
            return
        for member, part in zip(members, parts, strict=True):
            if part is not None and not member.answer.done():
                member.answer.set_result(part)
        missing = [[member.piece] for member, part in zip(members, parts, strict=True) if part is None]
        await self._send_again(members, missing, tenant)

    async def _send_again(self, members: Sequence[_Member], parts: Sequence[Sequence[Piece]], tenant: str) -> None:
        by_piece = {id(one.piece): one for one in members}
        for pieces in parts:
            some = [by_piece[id(piece)] for piece in pieces]
            try:
                again = await self._api.send(merging.merged(pieces), tenant)
                await self._hand_out(some, again, tenant)
            except AppError as error:
                _fail(some, error)


def _fail(members: Sequence[_Member], error: Exception) -> None:
    """Each gets an error of its own: headers are added to it on its way."""
    for member in members:
        if member.answer.done():
            continue
        twin = Exception.__new__(type(error), *error.args)
        twin.__dict__.update(error.__dict__)
        if isinstance(error, AppError) and isinstance(twin, AppError):
            twin.headers = dict(error.headers)
        member.answer.set_exception(twin)
