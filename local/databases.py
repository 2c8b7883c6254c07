"""A PostgreSQL role and database per app, made by an administrator, so that no app can enter another's."""

import base64
import hashlib
import hmac
import os
from collections.abc import Mapping
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from .errors import SetupError

# Apps that may not change what they wrote: their tables belong to a second role, under which they only migrate.
APPEND_ONLY = frozenset({"audit-service"})
_LOCK = 0x70796174  # any number: two launchers on one server take turns


def role_name(app_id: str) -> str:
    """The role, and the database of the same name, of an app: its id in the spelling SQL needs no quotes for."""
    return app_id.replace("-", "_")


def owner_name(app_id: str) -> str:
    """The role that owns the tables of an append-only app."""
    return f"{role_name(app_id)}_owner"


def database_url(administrator: str, app_id: str, password: str, *, owner: bool = False) -> str:
    """The app's own connection URL on the administrator's server, with the same options (sslmode …)."""
    parts = urlsplit(administrator)
    address = parts.netloc.rpartition("@")[2]
    role = owner_name(app_id) if owner else role_name(app_id)
    netloc = f"{role}:{quote(password, safe='')}@{address}"
    return urlunsplit(parts._replace(netloc=netloc, path=f"/{role_name(app_id)}"))


async def require_login(url: str, setting: str) -> None:
    """Raise SetupError, naming the setting and never the password, unless this URL can be connected to."""
    connection = await _connect(url, setting)
    await connection.close()


async def require_administrator(url: str) -> None:
    """Raise SetupError unless DATABASE_URL belongs to a role that may create roles and databases."""
    connection = await _connect(url, "DATABASE_URL")
    try:
        role, allowed = await connection.fetchrow(
            "SELECT rolname, rolsuper OR (rolcreaterole AND rolcreatedb) FROM pg_roles WHERE rolname = current_user"
        )
    finally:
        await connection.close()
    if not allowed:
        raise SetupError(
            f"DATABASE_URL: the role {role} may not create roles and databases. "
            f"As a superuser run: ALTER ROLE {role} CREATEROLE CREATEDB"
        )


async def create_databases(
    administrator: str, passwords: Mapping[str, str], owners: Mapping[str, str] | None = None, *, exclusive: bool
) -> None:
    """Give each app id of `passwords` its role and database; what exists is kept, its password is set again.

    `owners`: the passwords of the second roles, of those apps whose tables another role owns.
    `exclusive`: the server is the platform's alone, so its maintenance databases are closed to the apps too.
    """
    owners = owners or {}
    connection = await _connect(administrator, "DATABASE_URL")
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        if exclusive:
            await connection.execute("REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC")
        roles = {row[0] for row in await connection.fetch("SELECT rolname FROM pg_roles")}
        databases = {row[0] for row in await connection.fetch("SELECT datname FROM pg_database")}
        for app_id, password in passwords.items():
            await _create_role(connection, role_name(app_id), password, roles)
            owner = role_name(app_id)
            if app_id in owners:
                owner = owner_name(app_id)
                await _create_role(connection, owner, owners[app_id], roles)
            await _create_database(connection, role_name(app_id), owner, databases)
            if app_id in owners:
                await _hand_over(administrator, role_name(app_id), owner)
    except asyncpg.InsufficientPrivilegeError as error:
        raise SetupError(f"DATABASE_URL: {error}") from None
    finally:
        await connection.close()


async def _create_role(connection: asyncpg.Connection, name: str, password: str, roles: set[str]) -> None:
    # The server gets a verifier, so that no log of a failed statement can hold a password.
    verb = "ALTER" if name in roles else "CREATE"
    await connection.execute(f"{verb} ROLE \"{name}\" LOGIN PASSWORD '{scram_verifier(password)}'")


async def _create_database(connection: asyncpg.Connection, name: str, owner: str, databases: set[str]) -> None:
    # Only a member of a role may give it a database; a superuser counts as one.
    if not await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        await connection.execute(f'GRANT "{owner}" TO CURRENT_USER')
    verb = "ALTER DATABASE {} OWNER TO {}" if name in databases else "CREATE DATABASE {} OWNER {}"
    await connection.execute(verb.format(f'"{name}"', f'"{owner}"'))
    await connection.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')


async def _hand_over(administrator: str, name: str, owner: str) -> None:
    """Let the role `name` in, and take from it what it owned before there was an `owner`."""
    inside = await _connect(urlunsplit(urlsplit(administrator)._replace(path=f"/{name}")), "DATABASE_URL")
    try:
        await inside.execute(f'GRANT CONNECT ON DATABASE "{name}" TO "{name}"')
        owned = "SELECT count(*) FROM pg_class WHERE relowner = $1::regrole AND relkind = 'r'"
        if await inside.fetchval(owned, name):
            await inside.execute(f'REASSIGN OWNED BY "{name}" TO "{owner}"')
    finally:
        await inside.close()


def scram_verifier(password: str) -> str:
    """What PostgreSQL stores for a password (RFC 5803, SCRAM-SHA-256). ASCII passwords only: no SASLprep."""
    iterations, salt = 4096, os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, iterations)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    stored_key = hashlib.sha256(client_key).digest()
    encoded = [base64.b64encode(part).decode() for part in (salt, stored_key, server_key)]
    return f"SCRAM-SHA-256${iterations}:{encoded[0]}${encoded[1]}:{encoded[2]}"


async def _connect(url: str, setting: str) -> asyncpg.Connection:
    if urlsplit(url).scheme not in {"postgresql", "postgres"}:
        raise SetupError(f"{setting}: write postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
    try:
        return await asyncpg.connect(url, timeout=5)
    except (OSError, TimeoutError) as error:
        raise SetupError(f"{setting}: the server does not answer ({str(error) or 'nothing in 5 s'})") from None
    except (asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        raise SetupError(f"{setting}: the server refuses: {error}") from None
