"""Generated SQL and JSON Schema: PostgreSQL holds all rows, and the schema takes every record and nothing else."""

import json
import re
from typing import Any

import asyncpg
import jsonschema
import pytest

from apps.schema_service.domain.models import sql
from contracts.airtable_connector import Table, TableField
from tests.postgres import NewDatabase
from tests.schema_service.generated.conftest import Seeded

FIELD = re.compile(r"\((fld\w{14}), \w+\)")
TABLE = re.compile(r"\((tbl\w{14})\)")
COMMENTS = """
    SELECT c.relname AS "table", a.attname AS "column", coalesce(d.description, '') AS said
    FROM pg_class c
    LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    JOIN pg_description d ON d.objoid = c.oid AND d.objsubid IN (0, a.attnum)
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
"""


async def test_postgresql_executes_the_ddl_and_loads_all_rows(base: Seeded, new_database: NewDatabase) -> None:
    database = await asyncpg.connect(await new_database("generated"))
    try:
        await database.execute(base.generate("sql"))
        places = await comments(database)
        records = {table.id: base.records(table, by_id=True) for table in base.tables}
        for table in base.tables:
            await load(database, places, table, records[table.id])
        links = 0
        for table in base.tables:
            for field in table.fields:
                if field.type == "multipleRecordLinks" and field.id in places:
                    links += await load_links(database, places[field.id][0], field, records[table.id])
        for table in base.tables:
            name = places[table.id][0]
            assert await database.fetchval(f'SELECT count(*) FROM "{name}"') == len(records[table.id])
        assert links, "every base has links"
    finally:
        await database.close()


async def comments(database: Any) -> dict[str, tuple[str, str]]:
    """Id of a table or field → table and column that hold it, as the comments say."""
    places: dict[str, tuple[str, str]] = {}
    for row in await database.fetch(COMMENTS):
        found = FIELD.search(row["said"]) or TABLE.search(row["said"])
        assert found, row["said"]
        places[found[1]] = (row["table"], row["column"])
    return places


async def load(database: Any, places: dict[str, tuple[str, str]], table: Table, records: list[dict[str, Any]]) -> None:
    name = places[table.id][0]
    for record in records:
        row = {"id": record["id"], "created_time": record["createdTime"]}
        for key, value in record["fields"].items():
            if key in places and places[key][0] == name and not failed(value):
                row[places[key][1]] = value
        statement = f'INSERT INTO "{name}" SELECT * FROM jsonb_populate_record(NULL::"{name}", $1)'
        await database.execute(statement, json.dumps(row))


async def load_links(database: Any, name: str, field: TableField, records: list[dict[str, Any]]) -> int:
    rows = [
        (record["id"], linked, position)
        for record in records
        for position, linked in enumerate(record["fields"].get(field.id, []))
    ]
    await database.executemany(f'INSERT INTO "{name}" VALUES ($1, $2, $3)', rows)
    return len(rows)


def failed(value: Any) -> bool:
    return isinstance(value, dict) and bool({"error", "specialValue"} & value.keys())


async def test_postgresql_refuses_a_choice_that_is_none_and_a_link_to_nothing(
    bases: dict[str, Seeded], new_database: NewDatabase
) -> None:
    database = await asyncpg.connect(await new_database("generated"))
    try:
        await database.execute(bases["CRM"].generate("sql"))
        with pytest.raises(asyncpg.CheckViolationError):
            await database.execute("INSERT INTO deals (id, created_time, stage) VALUES ('r', now(), 'Maybe')")
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await database.execute("INSERT INTO companies_contacts VALUES ('rec1', 'rec2', 0)")
    finally:
        await database.close()


def test_names_longer_than_postgresql_keeps_are_cut_and_stay_apart(bases: dict[str, Seeded]) -> None:
    names = re.findall(r'"([^"]+)" text', bases["Awkward"].generate("sql"))
    long = [name for name in names if name.startswith("a_name_that")]
    assert len(set(long)) == 2
    assert all(len(name.encode()) <= sql.LONGEST for name in long)


def test_the_json_schema_takes_every_record(base: Seeded) -> None:
    document = json.loads(base.generate("jsonschema"))
    jsonschema.Draft202012Validator.check_schema(document)
    validator = jsonschema.Draft202012Validator(document)
    taken = 0
    for (name, of_table), table in zip(list(document["$defs"].items())[1:], base.tables, strict=True):
        assert of_table["x-airtable-id"] == table.id
        one = validator.evolve(schema={**document, "anyOf": [{"$ref": f"#/$defs/{name}"}]})
        for record in base.records(table):
            one.validate(record)
            taken += 1
    assert taken


@pytest.mark.parametrize("cells", [{"Stage": "Maybe"}, {"Amount": "much"}, {"Nothing": 1}, {"Contacts": ["x"]}])
def test_the_json_schema_refuses_what_no_record_of_the_table_has(bases: dict[str, Seeded], cells: Any) -> None:
    document = json.loads(bases["CRM"].generate("jsonschema"))
    record = {"id": "recXXXXXXXXXXXXXX", "createdTime": "2026-11-25T08:00:00.000Z", "fields": cells}
    one = {**document, "anyOf": [{"$ref": "#/$defs/Deals"}]}
    assert not jsonschema.Draft202012Validator(one).is_valid(record)
