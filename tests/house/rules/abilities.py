"""Rules on docs/abilities.csv: nothing is called done without a test that runs."""

import ast
import csv
from pathlib import Path

COLUMNS = ["service", "ability", "status", "test"]


def rows(root: Path) -> list[dict[str, str]]:
    with (root / "docs" / "abilities.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def abilities_are_valid(root: Path) -> list[str]:
    with (root / "docs" / "abilities.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))
    problems = [] if lines[0] == COLUMNS else [f"the first line is not {','.join(COLUMNS)}"]
    problems += [f"line {n}: {len(line)} columns" for n, line in enumerate(lines, 1) if len(line) != len(COLUMNS)]
    if problems:
        return problems
    seen = set()
    for number, row in enumerate(rows(root), 2):
        key = (row["service"], row["ability"])
        if key in seen:
            problems.append(f"line {number}: {row['service']}: {row['ability']!r} is there twice")
        seen.add(key)
        if row["status"] not in {"done", "open"}:
            problems.append(f"line {number}: the status is {row['status']!r}, not done or open")
    return problems


def what_is_done_has_a_test_that_runs(root: Path) -> list[str]:
    return [
        f"{row['service']}: {row['ability']!r} is called done, but {why}"
        for row in rows(root)
        if row["status"] == "done" and (why := broken(root, row["test"]))
    ]


def broken(root: Path, test: str) -> str:
    """Why the test id is no proof; empty when it is."""
    file, _, name = test.partition("::")
    path = root / file
    if not name or not path.is_file():
        return f"there is no test {test!r}"
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
            marks = " ".join(ast.unparse(decorator) for decorator in node.decorator_list)
            return f"{test} is skipped" if "skip" in marks or "xfail" in marks else ""
    return f"{file} has no {name}"
