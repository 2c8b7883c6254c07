"""Writing to Airtable: once, and never leaving an answer in the cache that it made untrue."""

from apps.airtable_connector.clients import AirtableApi
from apps.airtable_connector.domain import errors, refusals, requests, shapes
from apps.airtable_connector.domain.calls import Answer, Call
from apps.airtable_connector.service.reads import Reads
from chassis import AppError
from contracts.airtable_connector import DeletedRecord, Record, RecordChange

NOTHING_HAPPENED = (
    errors.AirtableReadOnly,
    errors.AirtableRateLimited,
    errors.AirtableUnavailable,
    errors.AirtableTimeout,
    errors.AirtableNoToken,
)


class Writes:
    def __init__(self, api: AirtableApi, reads: Reads) -> None:
        self._api, self._reads = api, reads

    async def send(self, call: Call, tenant: str) -> Answer:
        """Airtable's answer to a write that succeeded; raises our error for every other one."""
        happened = True
        try:
            answer = await self._api.send(call, tenant)
            happened = answer.ok or answer.status >= 500
        except NOTHING_HAPPENED:
            happened = False
            raise
        finally:
            if happened:
                await self._reads.changed(call.base)
        if not answer.ok:
            error: AppError = refusals.error_of(answer, read_only=False)
            raise await self._reads.explained(error, call, tenant)
        return answer

    async def change(
        self, method: str, base: str, table: str, record: str, change: RecordChange, tenant: str
    ) -> Record:
        """PATCH: the named cells; PUT: the whole record."""
        call = requests.write_record(method, base, table, record, change.fields, change)
        answer = await self.send(call, tenant)
        return shapes.understood(shapes.parsed(answer), shapes.record_of)

    async def delete(self, base: str, table: str, record: str, tenant: str) -> DeletedRecord:
        answer = await self.send(requests.delete_record(base, table, record), tenant)
        return DeletedRecord(id=shapes.understood(shapes.parsed(answer), lambda raw: str(raw["id"])))
