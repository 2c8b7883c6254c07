"""What the simulated Airtable takes, no check refuses: a right write must not fail for us."""

from typing import Any

import pytest
import requests

from apps.schema_service.domain import mistakes
from apps.schema_service.domain.fitting import COMPUTED
from sandbox.airtable.embedded import TOKEN
from tests.schema_service.generated.conftest import BASES, Seeded, airtable, base, bases

__all__ = ["airtable", "base", "bases"]

VALUES: list[Any] = [
    None, "", "x", " x ", "1", "true", "2026-11-25", " 2026-11-25 ", "2026-11-25T08:00:00Z", "2026-11-25T08:00",
    "25.11.2026", "20261125", "2026-W48-3", 0, 1, 1.0, 1.5, -3, 7, 1e20, True, False, [], ["x"], [""], [None], {},
    {"id": "x"}, {"text": "x"}, {"email": "owner@sandbox.example"}, [{"email": "owner@sandbox.example"}],
    [{"url": "https://example.com/a.png"}], [{"url": "x"}], [{"id": "attXXXXXXXXXXXXXX"}], ["recXXXXXXXXXXXXXX"],
]  # fmt: skip


@pytest.mark.parametrize("name", BASES)
def test_what_airtable_takes_is_never_refused(airtable: Any, bases: dict[str, Seeded], name: str) -> None:
    of = bases[name]
    refused, judged = [], 0
    with requests.Session() as session:
        session.headers["authorization"] = f"Bearer {TOKEN}"
        for table in of.tables:
            records = of.records(table)
            for field in table.fields if records else ():
                if field.type in COMPUTED:
                    continue
                url = f"{airtable.url}/v0/{of.id}/{table.id}/{records[-1]['id']}"
                for value in VALUES + specific(field, of):
                    answer = session.patch(url, json={"fields": {field.id: value}})
                    found = list(mistakes(table, {field.name: value}))
                    judged += bool(found)
                    if answer.status_code == 200 and found:
                        refused.append((field.type, value, found[0].message))
    airtable.sandbox.reset(None)
    assert sorted({(repr(value), kind) for kind, value, _ in refused}) == []
    assert judged > 50


def specific(field: Any, of: Seeded) -> list[Any]:
    options = field.options or {}
    choices = [[choice["name"], choice["id"]] for choice in options.get("choices", [])][:1]
    found: list[Any] = [one for pair in choices for name in pair for one in (name, [name])]
    if linked := options.get("linkedTableId"):
        key = of.records(next(table for table in of.tables if table.id == linked))[-1]["id"]
        found += [[key], [{"id": key}], [key, key], key]
    return found
