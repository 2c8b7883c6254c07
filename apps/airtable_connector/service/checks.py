"""Whether Airtable would take the cells, before it is asked: a mistake costs none of the five calls a second."""

from collections.abc import Sequence

from apps.airtable_connector.clients import SchemaService
from apps.airtable_connector.domain.errors import AirtableInvalidCells
from apps.airtable_connector.domain.requests import is_base_id
from apps.airtable_connector.settings import Settings
from chassis import AppError, FieldError, Log
from contracts.airtable_connector import Cells, Options


class Checks:
    def __init__(self, settings: Settings, schemas: SchemaService, log: Log) -> None:
        self._seconds, self._schemas, self._log = settings.validation_timeout, schemas, log

    async def cells(self, base: str, table: str, records: Sequence[Cells], options: Options, at: str) -> None:
        """Raises AirtableInvalidCells, with an error for each field; `at` is where the cells of a record are in the
        body, `{}` its number. Whatever cannot be told in time is left to Airtable, which judges anyway."""
        if not self._seconds or not is_base_id(base):
            return
        try:
            found = await self._schemas.check(base, table, records, typecast=options.typecast, seconds=self._seconds)
        except AppError as error:
            self._log.info("cells not checked before the write", base=base, code=error.code)
            return
        if not found.valid:
            errors = [FieldError(f"{at.format(one.record)}.{one.field}", one.message) for one in found.errors]
            raise AirtableInvalidCells(
                f"Airtable would refuse {found.total} of the cells, so it was not asked; nothing was written. "
                f"First: {found.errors[0].field}: {found.errors[0].message}",
                errors=errors,
            )
