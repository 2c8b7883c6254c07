"""Every app has a role and a database that no other app may enter."""

import asyncio

import asyncpg
import pytest

from local import data_tier
from local.databases import create_databases, database_url, role_name

from .servers import APPS, query


@pytest.mark.parametrize("app_id", APPS)
def test_an_app_owns_its_database(shared, app_id):
    url = shared.credentials.database_url(app_id)

    assert query(url, "SELECT current_user || ' in ' || current_database()") == " in ".join([role_name(app_id)] * 2)
    query(url, "CREATE TABLE IF NOT EXISTS mine (id int)")


@pytest.mark.parametrize("database", ["airtable_connector", "postgres", "template1"])
def test_an_app_is_refused_at_every_other_database(shared, database):
    url = shared.credentials.database_url("api-gateway").replace("/api_gateway?", f"/{database}?")

    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied for database"):
        query(url, "SELECT 1")


def test_an_app_may_create_neither_roles_nor_databases(shared):
    url = shared.credentials.database_url("api-gateway")

    for statement in ("CREATE ROLE spy", "CREATE DATABASE spies"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            query(url, statement)


def test_an_app_added_later_gets_its_database(shared):
    environment = {"DATABASE_URL": shared.administrator}
    asyncio.run(data_tier.prepare(shared.run_dir, shared.offset, shared.credentials, ["late-app"], {}))

    shared.after_start(environment, apps=[*APPS, "late-app"])

    assert query(shared.credentials.database_url("late-app"), "SELECT current_user") == "late_app"


def test_no_password_reaches_the_servers_log(shared):
    log = (shared.run_dir.parent / "postgres.log").read_text()

    assert not [value for value in shared.credentials.secret_values() if value in log]


def test_the_owner_of_an_append_only_app_may_enter_a_database_made_before_there_was_one(shared):
    app_id = "empty-trail-app"
    asyncio.run(create_databases(shared.administrator, {app_id: "password"}, exclusive=True))
    asyncio.run(create_databases(shared.administrator, {app_id: "password"}, {app_id: "password"}, exclusive=True))
    owner_url = database_url(shared.administrator, app_id, "password", owner=True)
    assert query(owner_url, "SELECT current_user") == "empty_trail_app_owner"


def test_the_tables_of_an_append_only_app_belong_to_another_role_also_where_they_were_its_own(shared):
    app_id = "trail-app"
    own, owner = {app_id: "password"}, {app_id: "password"}
    asyncio.run(create_databases(shared.administrator, own, exclusive=True))
    url = database_url(shared.administrator, app_id, "password")
    query(url, "CREATE TABLE early (what text)")

    for _ in range(2):
        asyncio.run(create_databases(shared.administrator, own, owner, exclusive=True))

    owner_url = database_url(shared.administrator, app_id, "password", owner=True)
    query(owner_url, "GRANT SELECT ON early TO trail_app")
    assert query(url, "SELECT count(*) FROM early") == 0
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        query(url, "DROP TABLE early")
