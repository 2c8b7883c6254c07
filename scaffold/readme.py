"""The README's table of services: domain and job from each app's passport, port from dapr.yaml, abilities counted."""

import ast
import csv
import re
from collections import Counter
from pathlib import Path

from scaffold import naming
from scaffold.refused import Refused

DOMAINS = ("edge", "identity", "airtable", "ai", "content", "work", "insight")
OPENING, CLOSING = "<!-- services -->", "<!-- /services -->"
HEAD = "| domain | service | port | its one job | abilities |\n|---|---|---|---|---|\n"


def write(root: Path) -> None:
    path = root / "README.md"
    path.write_text(with_table(root, path.read_text("utf-8")), "utf-8")


def check(root: Path) -> None:
    text = (root / "README.md").read_text("utf-8")
    if with_table(root, text) != text:
        raise Refused("the table of services in README.md is out of date: run `make configure`")


def with_table(root: Path, text: str) -> str:
    block = re.compile(rf"{OPENING}.*?{CLOSING}", re.DOTALL)
    if not block.search(text):
        raise Refused(f"README.md has no place for the table: {OPENING} … {CLOSING}")
    return block.sub(lambda _: f"{OPENING}\n{table(root)}{CLOSING}", text)


def table(root: Path) -> str:
    """One line an app, in the order of the domains."""
    done = abilities(root)
    rows = []
    for app_id, port in naming.ports(root).items():
        domain, job = passport(root, app_id)
        counted = f"{done[app_id, 'done']} of {done[app_id, 'done'] + done[app_id, 'open']}"
        link = f"[`{app_id}`](apps/{naming.package(app_id)})"
        rows.append((DOMAINS.index(domain), port, f"| {domain} | {link} | {port} | {job} | {counted} |\n"))
    return HEAD + "".join(row for *_, row in sorted(rows))


def abilities(root: Path) -> Counter[tuple[str, str]]:
    with (root / "docs" / "abilities.csv").open(encoding="utf-8", newline="") as file:
        return Counter((row["service"], row["status"]) for row in csv.DictReader(file))


def passport(root: Path, app_id: str) -> tuple[str, str]:
    """(domain, job) as the app's `__init__.py` says them. Raises Refused when it does not."""
    path = root / "apps" / naming.package(app_id) / "__init__.py"
    text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) if path.is_file() else None
    domain = re.search(r"^domain +(\w+)", text or "", re.MULTILINE)
    if not (text and domain and domain.group(1) in DOMAINS):
        raise Refused(f"{path.relative_to(root)}: the passport names no domain out of {', '.join(DOMAINS)}")
    return domain.group(1), text.splitlines()[0].rstrip(".")
