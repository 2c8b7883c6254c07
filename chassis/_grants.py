"""What an app's role may do where another role owns the tables: PostgreSQL then refuses what the app must never do."""

from urllib.parse import unquote, urlsplit

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

RIGHTS = {"public": "SELECT, INSERT, UPDATE, DELETE", "append_only": "SELECT, INSERT"}  # schema → on all its tables


async def grant(connection: AsyncConnection, url: str) -> None:
    """Give the role of `url` its rights and no others; `connection` is the owner's. What migrations granted goes."""
    role = '"' + unquote(urlsplit(url).username or "").replace('"', '""') + '"'
    wanted = text("SELECT nspname FROM pg_namespace WHERE nspname = ANY(:names)")
    for schema in (await connection.execute(wanted, {"names": list(RIGHTS)})).scalars().all():
        for statement in (
            f"GRANT USAGE ON SCHEMA {schema} TO {role}",
            f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}",
            f"GRANT {RIGHTS[schema]} ON ALL TABLES IN SCHEMA {schema} TO {role}",
        ):
            await connection.execute(text(statement))
    await connection.commit()
