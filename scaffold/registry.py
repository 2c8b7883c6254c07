"""The lists that name every app: one entry each, appended and cut out again as text, so that comments survive."""

import re
from collections.abc import Callable
from pathlib import Path

from scaffold import naming

PAGES = "apps/api_gateway/problems.yaml"
DAPR = """
  - appID: {app_id}
    appDirPath: .
    appPort: {port}
    daprHTTPPort: {http}
    daprGRPCPort: {grpc}
    daprInternalGRPCPort: {internal}
    metricsPort: {metrics}
    configFilePath: config/dapr/{app_id}.yaml
    command: [.venv/bin/python, -m, chassis, {app_id}]
"""
ROUTE = """
- prefix: /api/v1/{word}
  app: {app_id}
  methods: [GET, POST]
"""
PROBLEM = """
- code: {word}.unknown-base
  status: 404
  fault: client
  title: There is no such base
  happened: A base was asked for that was never remembered, or that Airtable does not show to this platform's token.
  do: Take an id from GET /api/v1/bases and remember it with POST /api/v1/{word}.
  service: {app_id}
  detail: "The base appXXXXXXXXXXXXXX was never remembered here."
"""
OWNER = "/apps/{package}/ @platform\n"
ABILITY = "{app_id},remembers bases and says what is in them,done,tests/{package}/test_routes.py::{test}\n"
TEST = "test_a_remembered_base_is_measured_soon_after"


def add(root: Path, app_id: str, port: int) -> None:
    """Append the app's entry to every list."""
    words = {
        "app_id": app_id,
        "package": naming.package(app_id),
        "word": naming.word(app_id),
        "test": TEST,
        "port": port,
        "http": port + 5500,
        "grpc": port + 5600,
        "internal": port + 5700,
        "metrics": port + 5800,
    }
    for name, entry in (
        ("dapr.yaml", DAPR),
        ("config/routes.yaml", ROUTE),
        (PAGES, PROBLEM),
        ("CODEOWNERS", OWNER),
        ("docs/abilities.csv", ABILITY),
    ):
        with (root / name).open("a", encoding="utf-8") as file:
            file.write(entry.format(**words))


def cut(root: Path, app_id: str) -> None:
    """Take the app's entries out of every list, also those added by hand."""
    mine, others = codes(root / "apps" / naming.package(app_id)), other_codes(root, app_id)
    entries: list[tuple[str, str, Callable[[str], bool]]] = [
        ("dapr.yaml", r"\n?^  - .*\n(?:    .*\n)*", lambda entry: f"- appID: {app_id}\n" in entry),
        ("config/routes.yaml", r"\n?^- .*\n(?:  .*\n)*", lambda entry: f"\n  app: {app_id}\n" in entry),
        (PAGES, r"\n?^- .*\n(?:  .*\n)*", lambda entry: code_of(entry) in mine - others),
        ("CODEOWNERS", r"^.*\n", lambda entry: entry.startswith(f"/apps/{naming.package(app_id)}/")),
        ("docs/abilities.csv", r"^.*\n", lambda entry: entry.startswith(f"{app_id},")),
    ]
    for name, pattern, is_mine in entries:
        text = (root / name).read_text("utf-8")
        kept = without(text, pattern, is_mine)
        if kept != text:
            (root / name).write_text(kept, "utf-8")


def without(text: str, pattern: str, is_mine: Callable[[str], bool]) -> str:
    """The text without the entries, as `pattern` finds them, that are mine."""
    return re.sub(pattern, lambda found: "" if is_mine(found.group()) else found.group(), text, flags=re.M)


def code_of(entry: str) -> str:
    found = re.search(r"^- code: (\S+)$", entry, re.M)
    return found.group(1) if found else ""


def codes(folder: Path) -> set[str]:
    """What looks like an error code in the Python files below the folder."""
    texts = (path.read_text("utf-8") for path in folder.rglob("*.py"))
    return {code for text in texts for code in re.findall(r'"([a-z][a-z-]*\.[a-z][a-z-]*)"', text)}


def other_codes(root: Path, app_id: str) -> set[str]:
    folders = [path for path in (root / "apps").iterdir() if path.is_dir() and path.name != naming.package(app_id)]
    return set().union(*(codes(folder) for folder in [*folders, root / "chassis"]))
