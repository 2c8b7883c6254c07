"""The route table as people write it: a YAML list, refused with the line that is wrong."""

import re
from collections.abc import Collection
from difflib import get_close_matches

import yaml

from apps.api_gateway.domain.routing import Route, RouteTable

DEFAULT_TIMEOUT = 30.0  # seconds
LONGEST_TIMEOUT = 900.0
DEFAULT_MAX_BODY = 1024 * 1024
LARGEST_BODY = 16 * 1024 * 1024  # what a sidecar takes in one message
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

_APP_ID = re.compile(r"[a-z][a-z0-9-]{1,57}")
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)+")
_SIZE = re.compile(r"(\d+) ?(B|KiB|MiB)")
_UNITS = {"B": 1, "KiB": 1024, "MiB": 1024 * 1024}
_KEYS = ("prefix", "app", "methods", "timeout", "style", "auth", "max_body", "stream", "again")
_REQUIRED = ("prefix", "app", "methods")


class RouteFileError(ValueError):
    """What is wrong with a route file, and on which line (counted from 1)."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line


def parse(text: str, known_apps: Collection[str] | None = None) -> RouteTable:
    """Build the table. With `known_apps` a route to any other app is refused. Raises RouteFileError."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise RouteFileError(mark.line + 1 if mark else 1, f"not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise RouteFileError(1, "not YAML: it contains characters YAML does not allow") from error
    if not isinstance(root, yaml.SequenceNode) or not root.value:
        raise RouteFileError(_line(root), "the file must be a list of routes, each beginning with '- prefix:'")
    routes: dict[str, Route] = {}
    lines: dict[str, int] = {}
    for node in root.value:
        route = _route(node, known_apps)
        if route.prefix in routes:
            raise RouteFileError(_line(node), f"prefix {route.prefix} is already routed on line {lines[route.prefix]}")
        routes[route.prefix], lines[route.prefix] = route, _line(node)
    return RouteTable(routes.values())


def _route(node: yaml.Node, known_apps: Collection[str] | None) -> Route:
    values = _entries(node)
    missing = [key for key in _REQUIRED if key not in values]
    if missing:
        raise RouteFileError(_line(node), f"the route lacks {', '.join(missing)}")
    return Route(
        prefix=_prefix(values["prefix"]),
        app=_app(values["app"], known_apps),
        methods=_methods(values["methods"]),
        timeout=_timeout(values["timeout"]) if "timeout" in values else DEFAULT_TIMEOUT,
        max_body=_size(values["max_body"]) if "max_body" in values else DEFAULT_MAX_BODY,
        style="airtable" if _choice(values.get("style"), "style", ("problem", "airtable")) else "problem",
        auth="none" if _choice(values.get("auth"), "auth", ("key", "none")) else "key",
        stream=bool(_choice(values.get("stream"), "stream", ("false", "true"))),
        again=bool(_choice(values.get("again"), "again", ("false", "true"))),
    )


def _entries(node: yaml.Node) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        raise RouteFileError(_line(node), "a route must be a mapping such as {prefix: /v0, app: …, methods: [GET]}")
    values: dict[str, yaml.Node] = {}
    for key_node, value in node.value:
        key = _scalar(key_node, "key")
        if key not in _KEYS:
            raise RouteFileError(_line(key_node), f"unknown key '{key}'{_did_you_mean(key, _KEYS)}")
        if key in values:
            raise RouteFileError(_line(key_node), f"key '{key}' is given twice")
        values[key] = value
    return values


def _prefix(node: yaml.Node) -> str:
    prefix = _scalar(node, "prefix")
    if not _PREFIX.fullmatch(prefix):
        raise RouteFileError(_line(node), f"prefix '{prefix}' must look like /v0 or /api/v1/bases, without a final /")
    return prefix


def _app(node: yaml.Node, known_apps: Collection[str] | None) -> str:
    app = _scalar(node, "app")
    if not _APP_ID.fullmatch(app):
        raise RouteFileError(
            _line(node), f"app '{app}' is no app-id: lower-case letters, digits and '-', at most 58 characters"
        )
    if known_apps is not None and app not in known_apps:
        raise RouteFileError(_line(node), f"unknown app '{app}'{_did_you_mean(app, known_apps)}")
    return app


def _methods(node: yaml.Node) -> frozenset[str]:
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        raise RouteFileError(_line(node), f"methods must be a list of {', '.join(METHODS)}")
    for item in node.value:
        method = _scalar(item, "method")
        if method not in METHODS:
            raise RouteFileError(_line(item), f"unknown method '{method}'; known are {', '.join(METHODS)}")
    return frozenset(item.value for item in node.value)


def _timeout(node: yaml.Node) -> float:
    text = _scalar(node, "timeout")
    try:
        seconds = float(text)
    except ValueError:
        raise RouteFileError(_line(node), f"timeout '{text}' is no number of seconds") from None
    if not 0 < seconds <= LONGEST_TIMEOUT:
        raise RouteFileError(_line(node), f"timeout {text} is not between 0 and {LONGEST_TIMEOUT:.0f} seconds")
    return seconds


def _size(node: yaml.Node) -> int:
    text = _scalar(node, "max_body")
    match = _SIZE.fullmatch(text)
    if not match:
        raise RouteFileError(_line(node), f"max_body '{text}' must look like 512 KiB or 16 MiB")
    size = int(match[1]) * _UNITS[match[2]]
    if not 0 < size <= LARGEST_BODY:
        raise RouteFileError(_line(node), f"max_body {text} is not between 1 B and 16 MiB, a sidecar's limit")
    return size


def _choice(node: yaml.Node | None, key: str, choices: tuple[str, str]) -> bool:
    """Whether the second choice was taken; the first one is the default."""
    if node is None:
        return False
    text = _scalar(node, key)
    if text not in choices:
        raise RouteFileError(_line(node), f"{key} '{text}' must be {choices[0]} or {choices[1]}")
    return text == choices[1]


def _scalar(node: yaml.Node, what: str) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise RouteFileError(_line(node), f"{what} must be a single value")
    return str(node.value)


def _line(node: yaml.Node | None) -> int:
    return node.start_mark.line + 1 if node is not None else 1


def _did_you_mean(word: str, known: Collection[str]) -> str:
    close = get_close_matches(word, list(known), n=1)
    return f"; did you mean '{close[0]}'?" if close else f"; known are {', '.join(sorted(known))}"
