"""`python -m local kubernetes-secrets` with DATABASE_URL, on a real PostgreSQL."""

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
import yaml

from local.kubernetes import naming
from tests.kubernetes.conftest import ROOT
from tests.kubernetes.rules import named
from tests.postgres import Postgres, postgres

__all__ = ["postgres"]


def run(folder: Path, server: str, administrator: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "local", "kubernetes-secrets", "--redis", "redis:6379", "--into", str(folder)]
    return subprocess.run(
        [*command, "--postgresql", server],
        cwd=ROOT, env={**os.environ, "DATABASE_URL": administrator}, capture_output=True, text=True, check=False,
    )  # fmt: skip


async def test_each_app_gets_a_database_that_its_secret_opens_and_no_other(postgres: Postgres, tmp_path: Path) -> None:
    server = f"{urlsplit(postgres.administrator).netloc.rpartition('@')[2]}?sslmode=disable"
    for _ in range(2):
        done = run(tmp_path / "made", server, postgres.administrator)
        assert done.returncode == 0, done.stderr
    assert "databases exist" in done.stdout

    secret = named(list(yaml.safe_load_all((tmp_path / "made" / "secrets.yaml").read_text())), "Secret")
    held = json.loads(secret[naming.secrets_of("api-gateway")]["stringData"][naming.SECRETS_FILE])
    url = held["database-url/api-gateway"]
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("SELECT current_user::text || current_database()") == "api_gateway" * 2
    await connection.close()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(urlsplit(url)._replace(path="/airtable_connector").geturl())


def test_an_administrator_who_is_refused_is_one_line_without_the_password(postgres: Postgres, tmp_path: Path) -> None:
    wrong = postgres.administrator.replace(postgres.credentials.postgres_password, "canary")
    done = run(tmp_path / "made", "postgresql:5432", wrong)
    assert done.returncode == 1
    assert done.stderr.startswith("DATABASE_URL: ")
    assert "canary" not in done.stderr + done.stdout
