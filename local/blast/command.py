"""`python -m local blast`."""

from collections.abc import Sequence
from pathlib import Path

from ..run_dir import RunDirectory
from .journeys import JOURNEYS
from .killing import components, kill_each
from .matrix import summary
from .report import as_csv, as_markdown, as_svg


def blast(run: RunDirectory, wanted: Sequence[str], times: int, into: Path | None) -> int:
    """Kill, print, and write blast-radius.csv, .md and .svg into `into`. Exit code 1: something never recovered."""
    names = components(run, wanted)
    print(f"{len(names)} components, {times} kills of each, under {len(JOURNEYS)} journeys", flush=True)
    rows = kill_each(run, names, times, lambda line: print(line, flush=True))
    if not rows:
        return 1
    if into:
        into.mkdir(parents=True, exist_ok=True)
        for ending, write in (("csv", as_csv), ("md", as_markdown), ("svg", as_svg)):
            (into / f"blast-radius.{ending}").write_text(write(rows, JOURNEYS), encoding="utf-8")
    print(summary(rows, JOURNEYS))
    return int(any(row.recovery is None for row in rows))
