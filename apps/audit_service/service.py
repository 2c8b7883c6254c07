"""The use case: ask for the tables, let the domain count."""

from apps.audit_service import domain
from apps.audit_service.clients import AirtableConnector
from apps.audit_service.settings import Settings
from contracts.audit_service import Summary


class Summaries:
    def __init__(self, airtable: AirtableConnector, settings: Settings) -> None:
        self._airtable = airtable
        self._widest = settings.widest

    async def of(self, base: str) -> Summary:
        tables = await self._airtable.tables(base)
        return domain.summarise(base, tables, self._widest)
