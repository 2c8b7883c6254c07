"""Brings an app's database to the schema its code knows: Alembic versions without Alembic's env.py and alembic.ini.

An app's versions are the files in its `migrations/`, one line of history, named `0002_add_colour.py` with the
revision `0002_add_colour`. The tables every app has come from `chassis/migrations`, with a version table of their own.
"""

import asyncio
import re
import threading
from pathlib import Path

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from ._logs import Log
from ._settings import ConfigError

CHASSIS = Path(__file__).parent / "migrations"
CHASSIS_VERSIONS, APP_VERSIONS = "chassis_version", "alembic_version"  # tables
LOCK = 0x6D696772  # any number: the replicas of an app take turns at its database
POLL = 0.1  # seconds between looks at a lock another replica holds
LONGEST = 32  # characters of a revision, by Alembic's version table
# Alembic's `op` is one for the whole process, in which several apps may start at once.
_ALEMBIC = threading.Lock()


async def migrate(connection: AsyncConnection, app_id: str, folder: Path, log: Log) -> None:
    """Run what is missing, each version in a transaction of its own; of replicas that start together, one does it.

    Raises ConfigError when the database is at a version this code does not have: it never goes back. `connection` must
    be fresh and be closed afterwards: that releases the lock.
    """
    while not (await connection.execute(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": LOCK})).scalar():
        await connection.commit()
        await asyncio.sleep(POLL)
    await connection.commit()
    while not _ALEMBIC.acquire(blocking=False):  # noqa: ASYNC110  shared by threads and loops
        await asyncio.sleep(POLL)
    try:
        for versions, table in ((CHASSIS, CHASSIS_VERSIONS), (folder, APP_VERSIONS)):
            if versions.is_dir():
                done = await connection.run_sync(_upgrade, app_id, versions, table)
                await connection.commit()
                if done:
                    log.info("migrated", versions=done)
    finally:
        _ALEMBIC.release()


async def is_current(connection: AsyncConnection, folder: Path) -> bool:
    """Whether there is nothing to run, told without Alembic: its way to the answer touches 4 MB that forks share."""
    for versions, table in ((CHASSIS, CHASSIS_VERSIONS), (folder, APP_VERSIONS)):
        newest = max((file.stem for file in versions.glob("[0-9]*.py")), default=None)
        if not (await connection.execute(text("SELECT to_regclass(:table)"), {"table": table})).scalar():
            found = []
        else:
            found = list((await connection.execute(text(f"SELECT version_num FROM {table}"))).scalars())  # noqa: S608
        if found != ([newest] if newest else []):
            return False
    return True


def history(folder: Path) -> list[str]:
    """The revisions of a folder, oldest first. Raises ValueError when they are not one line named like their files."""
    script = _script(folder)
    if len(script.get_heads()) > 1:
        raise ValueError(f"{folder} has more than one newest version: {', '.join(sorted(script.get_heads()))}")
    versions = list(script.walk_revisions())[::-1]
    for number, version in enumerate(versions, 1):
        stem = Path(version.path).stem
        if version.revision != stem or not re.fullmatch(rf"{number:04}_[a-z0-9_]+", stem) or len(stem) > LONGEST:
            raise ValueError(
                f"{version.path}: name file and revision {number:04}_<what it does>, at most 32 characters"
            )
    return [version.revision for version in versions]


def new(folder: Path, message: str) -> Path:
    """Write an empty version after the newest. Raises ValueError for a message that gives no file name."""
    folder.mkdir(exist_ok=True)
    before = history(folder)
    number = f"{len(before) + 1:04}"
    words = re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_")
    if not words:
        raise ValueError("say in a few words what the migration does, for example: add the colour of a note")
    revision = f"{number}_{words}"[:LONGEST].rstrip("_")
    path = folder / f"{revision}.py"
    previous = f'"{before[-1]}"' if before else "None"
    path.write_text(
        f'"""{message[0].upper()}{message[1:].rstrip(".")}."""\n\n'
        "from alembic import op\n\n"
        f'revision = "{revision}"\n'
        f"down_revision = {previous}\n\n\n"
        "def upgrade() -> None:\n"
        '    op.execute("SELECT 1")  # one statement each; code one version older must still work afterwards\n',
        encoding="utf-8",
    )
    return path


def _script(folder: Path) -> ScriptDirectory:
    return ScriptDirectory(str(folder), version_locations=[str(folder)])


def _upgrade(connection: Connection, app_id: str, folder: Path, table: str) -> list[str]:
    """The revisions that were run."""
    script = _script(folder)
    known = {version.revision for version in script.walk_revisions()}
    before = MigrationContext.configure(connection, opts={"version_table": table}).get_current_heads()
    unknown = [revision for revision in before if revision not in known]
    if unknown:
        raise ConfigError(
            f"database of {app_id}",
            f"is at version {unknown[0]}, which this code does not know: newer code has run on it. "
            "Start that code, or restore a backup from before it",
        )
    connection.commit()
    done: list[str] = []
    environment = EnvironmentContext(
        Config(),
        script,
        fn=lambda current, context: script._upgrade_revs("heads", current),
    )
    with environment:
        environment.configure(
            connection=connection,
            version_table=table,
            transaction_per_migration=True,
            on_version_apply=lambda step, **_: done.extend(step.up_revision_ids),
        )
        with environment.begin_transaction():
            environment.run_migrations()
    return done
