"""Every app has a role and a database that no other app may enter."""

import asyncio

import asyncpg
import pytest

from local import data_tier
from local.databases import role_name

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
