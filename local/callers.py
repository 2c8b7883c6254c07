"""Who calls whom, read from the code: typed clients of the apps, and the gateway's routes."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from . import abilities, topics
from .errors import SetupError

GATEWAY = "api-gateway"
_VERBS = {"get", "post", "put", "patch", "delete", "head"}
EVENTS = "/_events"  # where the chassis asks for events that an app missed
DELIVERY = "/dapr"  # where an app takes events, also those that are brought again
AUDIT = "audit-service"  # to whom every app with audited routes hands their entries, and the gateway its refusals
ENTRIES = "/ingest/entries"
# The gateway shows everybody's health and documents everybody's routes.
ASKED_BY_GATEWAY = {"/openapi.json": {"GET"}, "/readyz": {"GET"}, "/healthz": {"GET"}}


@dataclass
class Calls:
    """callee → caller → path pattern → verbs."""

    found: dict[str, dict[str, dict[str, set[str]]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(lambda: defaultdict(set)))
    )

    def add(self, caller: str, callee: str, path: str, verbs: set[str]) -> None:
        self.found[callee][caller][path if path == EVENTS else pattern(path)] |= verbs

    def of(self, callee: str) -> dict[str, dict[str, set[str]]]:
        return self.found.get(callee, {})


def find(root: Path, app_ids: list[str]) -> Calls:
    """Every call in the repository. Raises SetupError for one that cannot be read, with file and line."""
    calls = Calls()
    for caller in app_ids:
        folder = root / "apps" / caller.replace("-", "_")
        for path in [folder / "clients.py", *sorted((folder / "clients").rglob("*.py"))]:
            if path.is_file():
                for callee, called, verb in _peer_calls(path, root):
                    calls.add(caller, callee, called, {verb})
    for keeper in topics.keepers_of_everything(root, app_ids):
        for owner in set(topics.owners(root)) & set(app_ids):
            calls.add(keeper, owner, EVENTS, {"GET"})
        for consumer in abilities.having(root, app_ids, "subscriptions"):
            calls.add(keeper, consumer, DELIVERY, {"GET", "POST"})
    if GATEWAY in app_ids:
        for route in _routes(root / "config" / "routes.yaml"):
            calls.add(GATEWAY, route["app"], route["prefix"], set(route["methods"]))
        for callee in app_ids:
            if callee != GATEWAY:
                for path_, verbs in ASKED_BY_GATEWAY.items():
                    calls.found[callee][GATEWAY][path_] |= verbs
    if AUDIT in app_ids:
        for caller in app_ids:
            if caller == GATEWAY or _is_audited(root / "apps" / caller.replace("-", "_")):
                calls.add(caller, AUDIT, ENTRIES, {"POST"})
    if unknown := sorted(set(calls.found) - set(app_ids)):
        raise SetupError(f"called, but not in dapr.yaml: {', '.join(unknown)}")
    return calls


def pattern(path: str) -> str:
    """The access rule's path: everything below the first segment.

    A finer rule would not hold: Dapr takes a literal as a prefix, drops a second entry for the same path, and
    never matches a `*` in the middle.
    """
    return f"/{path.lstrip('/').split('/')[0]}/**"


def _peer_calls(path: Path, root: Path) -> Iterator[tuple[str, str, str]]:
    """(callee, path, verb) of each `self.get("/…")` in a class with `app_id="…"`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    where = path.relative_to(root)
    for peer in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        callee = next((_text(keyword.value) for keyword in peer.keywords if keyword.arg == "app_id"), None)
        if callee is None:
            continue
        if any(isinstance(base, ast.Name) and base.id == "EventSource" for base in peer.bases):
            yield callee, EVENTS, "GET"
        for call in (node for node in ast.walk(peer) if isinstance(node, ast.Call)):
            function = call.func
            if (
                isinstance(function, ast.Attribute)
                and isinstance(function.value, ast.Name)
                and function.value.id == "self"
                and function.attr in _VERBS
            ):
                called = _text(call.args[0]) if call.args else None
                if not called or not called.startswith("/") or not called.strip("/").split("/")[0]:
                    raise SetupError(
                        f"{where}:{call.lineno}: the path's first segment must be written out, "
                        'as in self.get(f"/notes/{note}"): the access rules are made from it'
                    )
                yield callee, called, function.attr.upper()


def _is_audited(folder: Path) -> bool:
    """Whether a route of the app says `audit="…"`."""
    return any(
        keyword.arg == "audit"
        for path in [folder / "routes.py", *sorted((folder / "routes").rglob("*.py"))]
        if path.is_file()
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        for keyword in call.keywords
    )


def _text(node: ast.expr) -> str | None:
    """A string literal, or the literal beginning of an f-string that holds its whole first segment."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.partition("?")[0]
    if isinstance(node, ast.JoinedStr) and node.values:
        beginning = _text(node.values[0])
        if beginning and (len(node.values) == 1 or beginning.count("/") > 1):
            return beginning
    return None


def _routes(path: Path) -> list[dict[str, Any]]:
    """The gateway's routes, as far as access rules need them; the gateway itself checks the file strictly."""
    if not path.is_file():
        return []
    content = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    routes = content.get("routes", []) if isinstance(content, dict) else content
    for route in routes:
        if not isinstance(route, dict) or not {"prefix", "app", "methods"} <= set(route):
            raise SetupError(f"config/routes.yaml: each route needs prefix, app and methods: {route}")
    return list(routes)
