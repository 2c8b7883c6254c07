"""Who publishes and who subscribes to what, read from the code: events in contracts, `@subscribe(…)` in the apps."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .errors import SetupError


@dataclass
class Topics:
    """app-id → topics, for every app."""

    published: dict[str, set[str]] = field(default_factory=dict)
    subscribed: dict[str, set[str]] = field(default_factory=dict)

    def allow(self, program: str, heard: Iterable[str]) -> None:
        """Let a program that is no app of ours hear these topics, and its sidecar put away what it cannot handle."""
        self.subscribed[program] = set(heard)
        self.published[program] = {f"dead-letters.{program}"}


def find(root: Path, app_ids: list[str]) -> Topics:
    """Every topic in the repository. Raises SetupError for a subscription to what is no event of `contracts`."""
    topics = Topics({app_id: set() for app_id in app_ids}, {app_id: set() for app_id in app_ids})
    by_module: dict[str, dict[str, str]] = {}
    for path in sorted((root / "contracts").rglob("*.py")):
        where = path.relative_to(root)
        module = where.with_suffix("").parts[1]
        for name, topic in _events(path):
            owner = topic.partition(".")[0]
            if owner != module.replace("_", "-"):
                raise SetupError(f"{where}: {topic} is {owner}'s, and belongs into its module")
            topics.published.setdefault(owner, set()).add(topic)
            # A package hands on what its own modules hold, so it is imported from either.
            for place in (f"contracts.{module}", ".".join(where.with_suffix("").parts)):
                by_module.setdefault(place, {})[name] = topic
    keepers = keepers_of_everything(root, app_ids)
    everything = set().union(*topics.published.values())
    for owner in owners(root):
        everything |= {f"dead-letters.{owner}", f"{owner}.event-failed"}
    for app_id in app_ids:
        for path in _files(root, app_id):
            topics.subscribed[app_id] |= set(_subscriptions(path, path.relative_to(root), by_module))
        if app_id in keepers:
            topics.subscribed[app_id] |= everything
        if topics.subscribed[app_id]:
            # What its own sidecar publishes for it, and what it tells itself when a handler gives up.
            topics.published[app_id] |= {f"dead-letters.{app_id}", f"{app_id}.event-failed"}
            topics.subscribed[app_id] |= {f"dead-letters.{app_id}"}  # it looks for what its sidecar could not read
    return topics


def owners(root: Path) -> list[str]:
    """The app-ids that have a module in contracts, and so may tell of events."""
    folder = root / "contracts"
    modules = {path.relative_to(folder).with_suffix("").parts[0] for path in folder.rglob("*.py")}
    return sorted(module.replace("_", "-") for module in modules if (root / "apps" / module).is_dir())


def keepers_of_everything(root: Path, app_ids: list[str]) -> list[str]:
    """The apps that `@listen(…)`: they get every topic, may ask every owner for events, and hand events in again."""
    return [app_id for app_id in app_ids if any(_listens(path) for path in _files(root, app_id))]


def scopes(topics: dict[str, set[str]]) -> str:
    """In Dapr's words: an app with nothing after its `=` may do nothing."""
    return ";".join(f"{app_id}={','.join(sorted(topics[app_id]))}" for app_id in sorted(topics))


def _events(path: Path) -> Iterator[tuple[str, str]]:
    """(class, topic) of each class with a TOPIC."""
    for event in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(event, ast.ClassDef):
            for line in event.body:
                if (
                    isinstance(line, ast.AnnAssign)
                    and isinstance(line.target, ast.Name)
                    and line.target.id == "TOPIC"
                    and isinstance(line.value, ast.Constant)
                ):
                    yield event.name, str(line.value.value)


def _files(root: Path, app_id: str) -> list[Path]:
    folder = root / "apps" / app_id.replace("-", "_")
    found = [folder / "subscriptions.py", *sorted((folder / "subscriptions").rglob("*.py"))]
    return [path for path in found if path.is_file()]


def _listens(path: Path) -> bool:
    """Whether a function in it is under `@listen(…)`."""
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "listen"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    )


def _subscriptions(path: Path, where: Path, events: dict[str, dict[str, str]]) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in events:
            for alias in node.names:
                if topic := events[node.module].get(alias.name):
                    imported[alias.asname or alias.name] = topic
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "subscribe":
            name = node.args[0].id if node.args and isinstance(node.args[0], ast.Name) else "?"
            if name not in imported:
                raise SetupError(
                    f"{where}:{node.lineno}: subscribe({name}): import the event's class from its owner's module in "
                    "contracts: what an app may subscribe to is made from it"
                )
            yield imported[name]
