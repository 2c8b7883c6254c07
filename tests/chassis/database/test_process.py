"""What `python -m chassis` does about databases: refuse a newer one, begin a migration."""

import asyncio
import os
import shutil
import socket
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from . import notes

PROJECT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project whose only app is the test's."""
    shutil.copytree(Path(notes.__file__).parent, tmp_path / "apps" / "note_service")
    (tmp_path / "apps" / "__init__.py").touch()  # or the project's own apps would be found first
    return tmp_path


async def run(folder: Path, *words: str, **environment: object) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-m", "chassis", *words),
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{folder}:{PROJECT}"}
        | {name: str(value) for name, value in environment.items()},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(30):
        out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


async def test_a_newer_schema_is_one_line_and_exit_78(folder, dapr, db, who):
    async with db.change(who) as change:
        await change.execute(text("UPDATE alembic_version SET version_num = '0009_later'"))
    settings = dapr.settings()

    code, _, err = await run(
        folder,
        "note-service",
        APP_PORT=free_port(),
        TELEMETRY_PORT=free_port(),
        DAPR_HTTP_PORT=settings["dapr_http_port"],
        DAPR_API_TOKEN=settings["dapr_api_token"],
    )

    assert code == 78, err
    assert err == (
        "config.invalid: database of note-service: is at version 0009_later, which this code does not know: "
        "newer code has run on it. Start that code, or restore a backup from before it\n"
    )


async def test_a_new_migration_is_written_after_the_newest_and_can_be_run(folder):
    code, out, err = await run(folder, "migrations", "new", "note-service", "Add the colour")

    assert (code, err) == (0, "")
    assert out == "apps/note_service/migrations/0002_add_the_colour.py\n"
    written = (folder / out.strip()).read_text()
    assert written.startswith('"""Add the colour."""')
    assert 'down_revision = "0001_notes"' in written
    compile(written, "0002", "exec")


async def test_a_migration_for_an_app_that_is_not_there_is_one_line(folder):
    code, out, err = await run(folder, "migrations", "new", "other-service", "Add the colour")

    assert (code, out) == (1, "")
    assert err == "there is no app other-service: apps/other_service/app.py does not exist\n"


async def test_other_words_are_answered_with_the_usage(folder):
    code, _, err = await run(folder, "migrations", "down")

    assert code == 64
    assert err.startswith("usage: python -m chassis <app-id>\n")
