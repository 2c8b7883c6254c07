"""`status`: every process on one line, for people or as JSON."""

import dataclasses
import json
import time
from datetime import timedelta

from .launcher import told
from .run_dir import Entry, Record, RunDirectory


def status(run: RunDirectory, *, as_json: bool) -> int:
    """Print what runs; 0 if everything is ready, 1 if something is not, 3 if no launcher runs."""
    record = run.read_record()
    alive = record is not None and record.launcher_runs
    if as_json:
        content = dataclasses.asdict(record) if record else {"launcher": None, "offset": 0, "processes": []}
        print(json.dumps({"running": alive, **content}))
    elif record is None or not alive:
        print(_nothing(record))
    else:
        print(table(record))
    if record is None or not alive:
        return 3
    return 0 if all(entry.state == "ready" for entry in record.processes) else 1


def table(record: Record) -> str:
    """The processes, aligned, and below them why those that are not ready ended."""
    rows = [("PROCESS", "STATE", "PID", "FOR", "RESTARTS", "PORTS")]
    for entry in record.processes:
        age = str(timedelta(seconds=int(time.time() - entry.since)))
        ports = " ".join(f"{purpose}:{port}" for purpose, port in entry.ports.items())
        rows.append((entry.name, entry.state, str(entry.pid or "-"), age, str(entry.restarts), ports))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [
        "  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[5]]) for row in rows
    ]
    lines += [told(entry) for entry in record.processes if entry.state in ("backoff", "failed")]
    return "\n".join(line.rstrip() for line in lines)


def _nothing(record: Record | None) -> str:
    left: list[Entry] = [entry for entry in record.processes if entry.runs] if record else []
    if left:
        names = ", ".join(entry.name for entry in left)
        return f"The launcher is gone, but these still run: {names}. Stop them: make down"
    return "Nothing runs. Start it: make up"
