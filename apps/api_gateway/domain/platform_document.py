"""One OpenAPI document of the whole platform, made of the documents of its apps."""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any

from apps.api_gateway.domain.catalogue import Catalogue
from apps.api_gateway.domain.routing import Route, RouteTable

Document = dict[str, Any]
VERBS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_REF = "#/components/"
# What the gateway itself may answer on any route, whatever the app documents.
_GATEWAY_STATUSES = (400, 404, 405, 408, 413, 431, 500, 502, 503, 504)

AIRTABLE_ERROR = {
    "title": "AirtableError",
    "description": "An error in Airtable's shape; x-platform-code, -service and -fault are in the headers.",
    "type": "object",
    "properties": {
        "error": {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "title": "AirtableErrorDetail",
                    "properties": {"type": {"type": "string"}, "message": {"type": "string"}},
                },
            ]
        }
    },
}


SECURITY_SCHEMES = {
    "key": {"type": "http", "scheme": "bearer", "description": "A key of this platform, pya_…"},
    "keyHeader": {"type": "apiKey", "in": "header", "name": "x-api-key"},
}


class PlatformDocument:
    """Collects the public part of each app's document. Names that two apps use differently get the app's prefix."""

    def __init__(self, table: RouteTable, catalogue: Catalogue) -> None:
        self._table = table
        self._catalogue = catalogue
        self._paths: dict[str, Any] = {}
        self._components: dict[str, dict[str, Any]] = {}
        self._operation_ids: set[str] = set()
        self._tags: list[dict[str, str]] = []

    def add(self, app: str, document: Mapping[str, Any]) -> None:
        """Take over what is routed to `app`; paths that another app serves are left out."""
        self._take(app, document, self._route_of)

    def add_own(self, document: Mapping[str, Any]) -> None:
        """The gateway's own routes, which no route table lists; brings the schema `Problem`, which all share."""
        own = Route("/", "api-gateway", frozenset(verb.upper() for verb in VERBS), 30, 1024 * 1024, auth="none")
        self._take("api-gateway", document, lambda _: own)

    def finish(self, *, version: str, missing: Iterable[str] = ()) -> Document:
        self._components.setdefault("schemas", {})["AirtableError"] = AIRTABLE_ERROR
        self._components["responses"] = self._components.get("responses", {}) | self._problem_responses()
        components = _used(self._paths, self._components)
        components["securitySchemes"] = SECURITY_SCHEMES
        return {
            "openapi": "3.1.0",
            "info": {
                "title": "PyAirtable Platform",
                "version": version,
                "description": "Everything the platform serves. Errors are problem+json, under /v0 Airtable's own.",
            },
            "servers": [{"url": "/"}],
            "security": [{"key": []}, {"keyHeader": []}],
            "tags": self._tags,
            "paths": dict(sorted(self._paths.items())),
            "components": components,
            "x-missing": sorted(missing),
        }

    def _route_of(self, path: str) -> Route | None:
        return self._table.match(path)

    def _take(self, app: str, document: Mapping[str, Any], route_of: Any) -> None:
        document = deepcopy(dict(document))
        renamed = self._merge_components(app, document.get("components", {}))
        self._tags.append({"name": app, "description": document.get("info", {}).get("description", "")})
        for path, item in document.get("paths", {}).items():
            route = route_of(path)
            if route is None or route.app != app:
                continue
            shared = item.get("parameters", [])
            for verb in VERBS:
                if verb in item and verb.upper() in route.methods:
                    operation = _with_new_names(item[verb], renamed)
                    if shared:
                        operation["parameters"] = [*shared, *operation.get("parameters", [])]
                    self._paths.setdefault(path, {})[verb] = self._finished(app, route, operation)

    def _merge_components(self, app: str, components: Mapping[str, Any]) -> dict[str, str]:
        """Add what is new; returns the references that had to change, old to new."""
        renamed = {}
        for section, entries in components.items():
            if section == "securitySchemes":
                continue
            taken = self._components.setdefault(section, {})
            for name, value in entries.items():
                if name in taken and taken[name] != value:
                    renamed[f"{_REF}{section}/{name}"] = f"{_REF}{section}/{_prefixed(app, name)}"
        for section, entries in components.items():
            if section == "securitySchemes":
                continue
            for name, value in entries.items():
                new = renamed.get(f"{_REF}{section}/{name}", f"{_REF}{section}/{name}").rsplit("/", 1)[1]
                self._components[section][new] = _with_new_names(value, renamed)
        return renamed

    def _finished(self, app: str, route: Route, operation: dict[str, Any]) -> dict[str, Any]:
        operation["tags"] = [app]
        if "operationId" in operation:
            if operation["operationId"] in self._operation_ids:
                operation["operationId"] = f"{app.replace('-', '_')}_{operation['operationId']}"
            self._operation_ids.add(operation["operationId"])
        documented = operation.setdefault("responses", {})
        kind = "AirtableError" if route.style == "airtable" else "Problem"
        statuses = {int(status) for status in documented if status.isdigit() and int(status) >= 400}
        if app != "api-gateway":
            statuses |= set(_GATEWAY_STATUSES)
        if route.auth == "key":
            statuses |= {401, 403, 429}
        for status in sorted(statuses):
            if self._catalogue.of_status(status) or str(status) not in documented:
                documented[str(status)] = {"$ref": f"{_REF}responses/{kind}{status}"}
        operation["responses"] = dict(sorted(documented.items()))
        if route.auth == "none" and app != "api-gateway":
            operation["security"] = []
        return operation

    def _problem_responses(self) -> dict[str, Any]:
        responses = {}
        statuses = {page.status for page in self._catalogue.pages if page.code != "config.invalid"}
        for status in sorted(statuses | set(_GATEWAY_STATUSES)):
            pages = self._catalogue.of_status(status)
            told = "; ".join(f"`{page.code}` {page.title}" for page in pages) or "no code of its own"
            examples = {page.code: {"summary": page.title, "value": page.example()} for page in pages}
            responses[f"Problem{status}"] = _response(told, "application/problem+json", "Problem", examples)
            responses[f"AirtableError{status}"] = _response(told, "application/json", "AirtableError", {})
        return responses


def _response(description: str, content_type: str, schema: str, examples: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": {"$ref": f"{_REF}schemas/{schema}"}}
    if examples:
        content["examples"] = examples
    return {"description": description, "content": {content_type: content}}


def _used(paths: Mapping[str, Any], components: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The components that public paths lead to: what only internal routes speak of is nobody's business."""
    used: dict[str, dict[str, Any]] = {}
    left = list(_references(paths))
    while left:
        section, _, name = left.pop().removeprefix(_REF).partition("/")
        if name in used.setdefault(section, {}) or name not in components.get(section, {}):
            continue
        used[section][name] = components[section][name]
        left += _references(used[section][name])
    return {section: dict(sorted(each.items())) for section, each in sorted(used.items())}


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "$ref" and isinstance(item, str):
                yield item
            else:
                yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


def _prefixed(app: str, name: str) -> str:
    return "".join(word.capitalize() for word in app.split("-")) + name


def _with_new_names(value: Any, renamed: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {
            key: renamed.get(item, item) if key == "$ref" and isinstance(item, str) else _with_new_names(item, renamed)
            for key, item in value.items()
        }
    return [_with_new_names(item, renamed) for item in value] if isinstance(value, list) else value
