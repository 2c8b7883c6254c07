"""The simulator with its three seeded bases and one with awkward names; their schemas and all their records."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pyairtable import Api

from apps.schema_service.domain import LANGUAGES
from contracts.airtable_connector import Table
from contracts.schema_service import ModelFormat
from sandbox.airtable import metadata
from sandbox.airtable.bases import builtin
from sandbox.airtable.embedded import TOKEN, Running, running
from tests.postgres import new_database, postgres
from tests.schema_service.generated import awkward

__all__ = ["new_database", "postgres"]

BASES = ["CRM", "Projects", "Content calendar", "Awkward"]


@dataclass
class Seeded:
    """A base of the simulator."""

    id: str
    tables: list[Table]
    api: Api

    def generate(self, format: ModelFormat) -> str:
        return LANGUAGES[format].generate(self.id, 1, self.tables)

    def write(self, format: ModelFormat, folder: Path) -> Path:
        """The generated file, under a name that Python can import."""
        file = folder / f"{self.id}_{format}.{LANGUAGES[format].extension}"
        file.write_text(self.generate(format))
        return file

    def records(self, table: Table, *, by_id: bool = False) -> list[dict[str, Any]]:
        return list(self.api.table(self.id, table.id).all(use_field_ids=by_id))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def airtable() -> Iterator[Running]:
    document = builtin()
    document["bases"].append(awkward.base())
    with running(document, limits="off") as server:
        yield server


@pytest.fixture(scope="session")
def bases(airtable: Running) -> Iterator[dict[str, Seeded]]:
    api = Api(TOKEN, endpoint_url=airtable.url)
    found = {}
    for base in airtable.sandbox.bases.values():
        raw = metadata.tables(base, visible_field_ids=False)["tables"]
        tables = [Table(**table, primary_field_id=table["primaryFieldId"]) for table in raw]
        found[base.name] = Seeded(base.id, tables, api)
    yield found
    api.session.close()


@pytest.fixture(params=BASES)
def base(bases: dict[str, Seeded], request: pytest.FixtureRequest) -> Seeded:
    return bases[request.param]
