"""The use case: ask for the tables, let the domain count."""

from apps.event_processor import domain
from apps.event_processor.clients import AirtableConnector
from apps.event_processor.settings import Settings
from contracts.event_processor import Summary


class Summaries:
    def __init__(self, airtable: AirtableConnector, settings: Settings) -> None:
        self._airtable = airtable
        self._widest = settings.widest

    async def of(self, base: str) -> Summary:
        tables = await self._airtable.tables(base)
        return domain.summarise(base, tables, self._widest)
