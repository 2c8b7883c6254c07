"""`python -m benchmarks.sandbox`: the Airtable simulator alone, on one core.

Lists of 100 records a second of processor time, memory per 100,000 records, and a formula as a filter over 10,000
records against the same condition in plain Python, interleaved.
"""

import argparse
import multiprocessing
import statistics
import sys
import time
from multiprocessing.connection import Connection
from typing import Any

import psutil
import requests

from benchmarks.result import save
from sandbox.airtable.embedded import TOKEN, running
from sandbox.airtable.formula import compile_formula, parse
from sandbox.airtable.schema import Record
from sandbox.airtable.seed import load

BASE = "app" + "A" * 14
#: Each with the same condition in Python over the cells of a record, by the names of its fields.
FILTERS = {
    "one comparison": ("{Amount} > 500", lambda cells: cells["Amount"] > 500),
    "three conditions": (
        "AND({Amount} > 100, {State} = 'Open', FIND('7', {Name}) > 0)",
        lambda cells: cells["Amount"] > 100 and cells["State"] == "Open" and "7" in cells["Name"],
    ),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement of requests")
    seconds = parser.parse_args().seconds
    figures = {"lists of 100 records per core-second": lists_per_second(seconds)}
    figures["MiB per 100,000 records"] = memory()
    for name, ratio in filters().items():
        figures[f"formula over plain Python, {name}, 10,000 records"] = ratio
    save("sandbox", figures, seconds=seconds)
    return 0


def seed(records: int) -> dict[str, Any]:
    fields = [
        {"name": "Name", "type": "singleLineText"},
        {"name": "Amount", "type": "number"},
        {"name": "State", "type": "singleSelect", "options": {"choices": ["Open", "Paid"]}},
        {"name": "Day", "type": "date"},
    ]
    rows = [
        {
            "fields": {
                "Name": f"Order {n}",
                "Amount": n % 1000 + 1,
                "State": ("Open", "Paid")[n % 2],
                "Day": "2026-01-31",
            }
        }
        for n in range(records)
    ]
    return {"bases": [{"id": BASE, "name": "B", "tables": [{"name": "T", "fields": fields, "records": rows}]}]}


def lists_per_second(seconds: float) -> float:
    """Per second of the server's own processor time, so that whoever else uses the machine does not count."""
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=_serve, args=(theirs,))
    server.start()
    url = ours.recv()
    try:
        with multiprocessing.Pool(4) as pool:
            before = _processor_time(server.pid)
            done = sum(pool.starmap(_lists, [(url, seconds)] * 4))
            return done / (_processor_time(server.pid) - before)
    finally:
        ours.send("stop")
        server.join()


def _processor_time(pid: int | None) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def _serve(control: Connection) -> None:
    with running(seed(10_000), limits="off") as airtable:
        control.send(airtable.url)
        control.recv()


def _lists(url: str, seconds: float) -> int:
    done, until = 0, time.monotonic() + seconds
    with requests.Session() as session:
        session.headers["authorization"] = f"Bearer {TOKEN}"
        while time.monotonic() < until:
            assert len(session.get(f"{url}/v0/{BASE}/T", timeout=10).content) > 10_000
            done += 1
    return done


def memory() -> float:
    """Growth of a process that loads 100,000 records of four cells, without the seed document itself."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_loaded)


def _loaded() -> float:
    document = seed(100_000)
    before = psutil.Process().memory_info().rss
    bases = load(document)
    grown = psutil.Process().memory_info().rss - before
    assert sum(len(table.records) for base in bases for table in base.tables.values()) == 100_000
    return grown / 2**20


def filters() -> dict[str, float]:
    [base] = load(seed(10_000))
    [table] = base.tables.values()
    records = list(table.records.values())
    return {name: _ratio(formula, python, table, records) for name, (formula, python) in FILTERS.items()}


def _ratio(formula: str, python: Any, table: Any, records: list[Record]) -> float:
    """The median of 15 pairs of runs, in processor time."""
    compiled = compile_formula(parse(formula), table)
    plain = [
        {field.name: field.type.json(field.value(record), field) for field in table.fields.values()}
        for record in records
    ]
    ratios = []
    for _ in range(15):
        started = time.process_time()
        found = sum(map(compiled.includes, records))
        middle = time.process_time()
        expected = sum(1 for cells in plain if python(cells))
        ratios.append((middle - started) / (time.process_time() - middle))
        assert found == expected
    return statistics.median(ratios)


if __name__ == "__main__":
    sys.exit(main())
