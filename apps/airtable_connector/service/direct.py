"""Writes that are about no cells: comments, files, webhooks, schemas. Sent once, told as they ended; not undoable."""

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel

from apps.airtable_connector.clients import AirtableApi
from apps.airtable_connector.domain import beside, refusals, shapes
from apps.airtable_connector.domain.calls import Answer, Call
from apps.airtable_connector.service.changes import Changes
from apps.airtable_connector.service.connections import Connections
from apps.airtable_connector.service.reads import Reads
from chassis import Database, Principal

T = TypeVar("T", bound=BaseModel)


class Direct:
    def __init__(
        self, api: AirtableApi, connections: Connections, reads: Reads, changes: Changes, db: Database
    ) -> None:
        self._api, self._connections, self._reads, self._db = api, connections, reads, db
        self._changes = changes

    async def send(self, call: Call, who: Principal) -> Answer:
        """Airtable's answer to a call that succeeded; raises our error for every other one."""
        call = await self._connections.choose(call, who.tenant)
        if not call.read:
            async with self._db.change(who, at_once=True) as change:
                await change.intend(*beside.targets(call))
        answer = await self._api.send(call, who.tenant)
        if not call.read and (answer.ok or answer.status >= 500):
            await self._changes.unknown(call.base, schema=call.of_schema)
        if not answer.ok:
            raise await self._reads.explained(refusals.error_of(answer, read_only=call.read), call, who.tenant)
        return answer

    async def ask(
        self, call: Call, who: Principal, model: type[T], reading: Callable[[Any], Any] = lambda raw: raw
    ) -> T:
        """The same as our model. Raises AirtableInvalidAnswer when it lacks something."""
        answer = await self.send(call, who)
        return shapes.understood(shapes.parsed(answer), lambda raw: model.model_validate(reading(raw)))
