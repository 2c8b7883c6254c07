"""What is made of a version: models, the slim view, dependencies, what a change would do."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from apps.schema_service import domain
from apps.schema_service.service.versions import Schemas
from chassis import Principal
from contracts.airtable_connector import Table
from contracts.schema_service import (
    Dependencies,
    Impact,
    ImpactQuery,
    ModelQuery,
    Outline,
    OutlinedField,
    Slim,
    Which,
)


@dataclass(frozen=True, slots=True)
class Generated:
    """A file. `etag` is of its bytes: a newer generator says another thing of the same version."""

    text: str
    media_type: str
    name: str
    etag: str


class Views:
    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas

    async def models(self, base: str, asked: ModelQuery, who: Principal) -> Generated:
        known = await self._schemas.of(base, asked, who)
        language = domain.LANGUAGES[asked.format]
        text = language.generate(base, known.version, known.tables)
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        name = f"{base}-{known.version}.{language.extension}"
        return Generated(text, language.media_type, name, f'"{known.version}-{digest}"')

    async def slim(self, base: str, which: Which, who: Principal) -> Slim:
        known = await self._schemas.of(base, which, who)
        text = domain.slim(known.tables)
        whole = "".join(table.model_dump_json(exclude_none=True) for table in known.tables)
        return Slim(
            base=base,
            version=known.version,
            text=text,
            tokens=domain.tokens(text),
            tokens_of_schema=domain.tokens(whole),
        )

    async def expand(self, base: str, which: Which, text: str, who: Principal) -> Outline:
        """Raises NotSlim."""
        outlined = domain.expand(text)
        known = await self._schemas.of(base, which, who)
        tables = {table.name: table for table in known.tables}
        for outline in outlined:
            if table := tables.get(outline.name):
                outline.id = table.id
                _identify(outline.fields, table)
        return Outline(base=base, version=known.version, tables=outlined)

    async def dependencies(self, base: str, which: Which, who: Principal) -> Dependencies:
        known = await self._schemas.of(base, which, who)
        return domain.dependencies(base, known.version, known.tables)

    async def impact(self, base: str, asked: ImpactQuery, who: Principal) -> Impact:
        """Raises UnknownThing."""
        known = await self._schemas.of(base, asked, who)
        return domain.impact(base, known.version, known.tables, asked.of, asked.change)


def _identify(outlined: Sequence[OutlinedField], table: Table) -> None:
    ids = {(field.name, field.type): field.id for field in table.fields}
    for field in outlined:
        field.id = ids.get((field.name, field.type))
