"""What PostgreSQL refuses the app's own role."""

import asyncpg
import pytest

TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'append_only'"


async def test_the_apps_role_may_insert_and_read_in_the_trail_and_nothing_else(trail):
    tables = [row[0] for row in await trail.as_owner(TABLES)]
    assert {"chain", "entries", "checkpoints", "tombstones"} <= set(tables)
    for table in tables:
        rights = await trail.as_owner(
            "SELECT privilege_type FROM information_schema.table_privileges "
            "WHERE table_schema = 'append_only' AND table_name = $1 AND grantee <> grantor",
            table,
        )
        assert {row[0] for row in rights} == {"INSERT", "SELECT"}, table


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE append_only.entries SET action = 'note.nothing'",
        "DELETE FROM append_only.entries",
        "DELETE FROM append_only.chain",
        "UPDATE append_only.checkpoints SET note = ''",
        "TRUNCATE append_only.chain",
        "DROP TABLE append_only.chain",
        "ALTER TABLE append_only.chain DISABLE TRIGGER ALL",
        "CREATE TABLE append_only.other (a int)",
    ],
)
async def test_the_apps_role_is_refused_what_would_change_the_trail(trail, statement):
    await trail.fill(1)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await trail.as_app(statement)
    assert (await trail.as_app("SELECT count(*) FROM append_only.entries"))[0][0] == 1


async def test_erasing_takes_nothing_that_is_not_past_its_retention(trail):
    await trail.fill(2)
    await trail.as_app("INSERT INTO append_only.tombstones (tenant, first, last, note) VALUES ('local', 0, 1, '')")
    await trail.as_app("INSERT INTO append_only.retention (tenant, days, set_by) VALUES ('local', 30, 'mallory')")
    assert (await trail.as_app("SELECT append_only.erase('local', 0, 1)"))[0][0] == 0
