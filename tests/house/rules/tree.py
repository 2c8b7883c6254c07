"""Rules on the tree: the same apps everywhere, the same files in each, nothing too long."""

import re
from collections import Counter
from pathlib import Path

import yaml

from tests.house.rules.source import app_folders, lines, lines_of_code

WIRING = {"__init__", "app", "settings"}
INBOUND = {"routes", "subscriptions", "jobs", "workflow", "activities"}
INSIDE = {"service", "clients", "store", "domain", "migrations"}
APP_FILES = WIRING | INBOUND | INSIDE
APP_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")  # a DNS label, as Kubernetes wants it
DERIVED = {
    "daprHTTPPort": 5500,
    "daprGRPCPort": 5600,
    "daprInternalGRPCPort": 5700,
    "metricsPort": 5800,
}
LONGEST_APP_ID = 53  # with "-dapr" behind it, 58 characters are what Dapr accepts


def listed_apps(root: Path) -> list[dict[str, object]]:
    """The entries of dapr.yaml."""
    return list(yaml.safe_load((root / "dapr.yaml").read_text("utf-8"))["apps"])


def same_apps_everywhere(root: Path) -> list[str]:
    folders = {folder.name.replace("_", "-") for folder in app_folders(root)}
    places = {
        "dapr.yaml": {str(app["appID"]) for app in listed_apps(root)},
        "the table in README.md": readme_apps(root),
        "tests/": {app for app in folders if (root / "tests" / app.replace("-", "_")).is_dir()},
        "CODEOWNERS": owned_apps(root),
        "config/dapr/": {path.stem for path in (root / "config" / "dapr").glob("*.yaml")},
        "k8s/base/apps/": {path.stem for path in (root / "k8s" / "base" / "apps").glob("*.yaml")},
    }
    problems = []
    for place, apps in places.items():
        problems += [f"{app} has a folder in apps/ and is missing in {place}" for app in sorted(folders - apps)]
        problems += [f"{app} is in {place} and has no folder in apps/" for app in sorted(apps - folders)]
    return problems


def readme_apps(root: Path) -> set[str]:
    """The app-ids of the README's table of services, planned ones left out."""
    table = re.search(r"<!-- services -->(.*?)<!-- /services -->", (root / "README.md").read_text("utf-8"), re.DOTALL)
    return set(re.findall(r"^\|[^|]*\|\s*\[?`([a-z0-9-]+)`", table.group(1), re.MULTILINE)) if table else set()


def owned_apps(root: Path) -> set[str]:
    owners = (root / "CODEOWNERS").read_text("utf-8")
    return {name.replace("_", "-") for name in re.findall(r"^/apps/([a-z0-9_]+)/\s+\S", owners, re.MULTILINE)}


def ports_are_unique_and_derived(root: Path) -> list[str]:
    problems = []
    taken: Counter[int] = Counter()
    for app in listed_apps(root):
        name, port = app["appID"], int(str(app["appPort"]))
        taken[port] += 1
        taken[port + 5900] += 1
        for key, distance in DERIVED.items():
            derived = int(str(app.get(key, port + distance)))
            taken[derived] += 1
            if key not in app:
                problems.append(f"{name} has no {key}: it is {port + distance}")
            elif derived != port + distance:
                problems.append(f"{name}: {key} is {derived}, the app port gives {port + distance}")
    problems += [f"port {port} is used {times} times in dapr.yaml" for port, times in taken.items() if times > 1]
    return problems


def app_ids_are_valid(root: Path) -> list[str]:
    names = [str(app["appID"]) for app in listed_apps(root)]
    return [
        f"{name!r} is no app-id: lowercase words joined by '-', at most {LONGEST_APP_ID} characters"
        for name in names
        if not APP_ID.fullmatch(name) or len(name) > LONGEST_APP_ID
    ]


def app_files_come_from_the_table(root: Path) -> list[str]:
    return [
        f"{path.relative_to(root)}: an app has no such file; the table is in CONTRIBUTING.md"
        for folder in app_folders(root)
        for path in sorted(folder.iterdir())
        if path.stem not in APP_FILES and path.name != "__pycache__" and path.suffix in {"", ".py"}
    ]


def app_py_is_wiring(root: Path, most: int = 25) -> list[str]:
    files = [folder / "app.py" for folder in app_folders(root)]
    missing = [f"{path.relative_to(root)} does not exist" for path in files if not path.is_file()]
    return missing + [
        f"{path.relative_to(root)} has {lines(path)} lines, {most} are for wiring"
        for path in files
        if path.is_file() and lines(path) > most
    ]


def apps_stay_small(root: Path, warn: int = 3_000, fail: int = 10_000) -> tuple[list[str], list[str]]:
    """(failures, warnings)."""
    sizes = {folder.name: sum(lines(path) for path in folder.rglob("*.py")) for folder in app_folders(root)}
    return (
        [f"apps/{name} has {size} lines: split it, {fail} is the end" for name, size in sizes.items() if size > fail],
        [f"apps/{name} has {size} lines, an app aims at 1,500" for name, size in sizes.items() if warn < size <= fail],
    )


ONE_FILE = "cli/verify_trail.py"  # an auditor is given one file


def modules_stay_short(root: Path, most: int = 250) -> list[str]:
    folders = [root / name for name in ("apps", "chassis", "contracts", "local", "sandbox", "cli", "scaffold")]
    return [
        f"{path.relative_to(root)} has {lines(path)} lines, {most} is where a module becomes a package"
        for folder in folders
        for path in sorted(folder.rglob("*.py"))
        if lines(path) > (300 if path == root / ONE_FILE else most)
    ]


def chassis_stays_small(root: Path, most: int = 5_750) -> list[str]:
    files = [path for path in (root / "chassis").rglob("*.py") if "testing" not in path.relative_to(root).as_posix()]
    size = sum(lines_of_code(path) for path in files)
    return [f"chassis has {size} lines of code without testing, {most} is the end"] if size > most else []


def every_app_has_a_passport(root: Path) -> list[str]:
    facts = ("domain", "owns", "serves", "calls", "SLO")
    return [
        f"apps/{folder.name}/__init__.py does not say its {fact}"
        for folder in app_folders(root)
        for fact in facts
        if not re.search(rf"^{fact}\s+\S", (folder / "__init__.py").read_text("utf-8"), re.MULTILINE)
    ]
