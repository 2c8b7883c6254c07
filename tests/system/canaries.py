"""Where a secret could come to light: every log of a run, and every row of its databases."""

import asyncio
import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import asyncpg

# What a row may hold: an undo needs the cells as they were, whatever a person wrote into them.
KEPT_TO_UNDO = {"operations", "operation_records"}
SHORTEST = 12  # characters; shorter secrets would be found in innocent words


def secrets_of(run_dir: Path) -> dict[str, str]:
    """The secrets this run really has, by name."""
    found = {name: str(value) for name, value in json.loads((run_dir / "secrets.json").read_text()).items()}
    found["launcher.key"] = (run_dir / "launcher.key").read_text().strip()
    for name, value in list(found.items()):
        if name.startswith(("database-url/", "database-owner-url/")):
            found[name] = value.partition("://")[2].partition(":")[2].partition("@")[0]
    return {
        name: value
        for name, value in found.items()
        if len(value) >= SHORTEST and "public-key" not in name and "service-keys" not in name
    }


def leaks(run_dir: Path, planted: Mapping[str, str]) -> list[str]:
    """`name in place`, for each of the planted secrets and of the run's own that can be read somewhere."""
    wanted = {**secrets_of(run_dir), **planted}
    places = [*_logs(run_dir), *asyncio.run(_rows(run_dir))]
    assert len(places) > 10, f"nothing was searched: {[place for place, _ in places]}"
    return sorted({f"{name} in {place}" for place, text in places for name, value in wanted.items() if value in text})


def _logs(run_dir: Path) -> Iterator[tuple[str, str]]:
    for path in sorted((run_dir / "logs").iterdir()):
        yield f"logs/{path.name}", path.read_text(errors="replace")


async def _rows(run_dir: Path) -> list[tuple[str, str]]:
    secrets = json.loads((run_dir / "secrets.json").read_text())
    found = []
    for name, address in secrets.items():
        kind, _, app_id = name.partition("/")
        if kind == "database-url":
            connection = await asyncpg.connect(address, timeout=10)
            try:
                found += [(f"{app_id}.{table}", text) for table, text in await _tables(connection)]
            finally:
                await connection.close()
    return found


async def _tables(connection: "asyncpg.Connection[asyncpg.Record]") -> list[tuple[str, str]]:
    tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    found = []
    for name in (row["tablename"] for row in tables):
        if name not in KEPT_TO_UNDO:
            rows = await connection.fetch(f'SELECT t::text AS row FROM "{name}" AS t')
            found.append((name, "\n".join(row["row"] for row in rows)))
        if name == "pieces":  # spans, packed
            packed = await connection.fetch("SELECT spans FROM pieces")
            found.append(("spans", "\n".join(zlib.decompress(row["spans"]).decode() for row in packed)))
    return found
