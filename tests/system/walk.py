"""Every unsafe operation that the platform documents, and a valid request for each."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import yaml

from local.credentials import Credentials
from tests.local.servers import query
from tests.system.mesh import ROOT, Mesh

PORTS: dict[str, int] = {
    app["appID"]: app["appPort"] for app in yaml.safe_load((ROOT / "dapr.yaml").read_text())["apps"]
}
UNSAFE = ("post", "put", "patch", "delete")
UNKNOWN = {
    "base": "appUnknown0000000",
    "id": str(2**61),
    "operation": str(uuid4()),
    "name": "unknown",
    "action": "unknown",
}
RECORDS = 10  # Airtable creates that many in one call


@dataclass(frozen=True)
class Operation:
    """One of an OpenAPI document. `action` is what it writes to the trail; None: it says why it writes nothing."""

    app: str
    method: str
    path: str
    documented: dict[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def action(self) -> str | None:
        action: str | None = self.documented.get("x-audit")
        assert bool(action) != bool(self.documented.get("x-no-audit")), f"{self.name} has no x-audit, or both"
        return action


@dataclass
class Request:
    path: str
    query: dict[str, Any] = field(default_factory=dict)
    body: Any = None


def operations(document: dict[str, Any], app: str | None = None) -> Iterator[Operation]:
    """`app`: whose document it is; None: the gateway's of all, which tags each operation with its app."""
    for path, item in document["paths"].items():
        for verb in UNSAFE:
            if verb in item:
                yield Operation(app or item[verb]["tags"][0], verb.upper(), path, item[verb])


def own_document(mesh: Mesh, app: str) -> dict[str, Any]:
    """The app's, which also tells of the routes that only other apps reach."""
    token = Credentials.load_or_create(mesh.run_dir).app_api_token(app)
    headers = {"dapr-api-token": token, "x-timeout-ms": "10000"}
    answer = httpx.get(f"http://127.0.0.1:{mesh.port(PORTS[app])}/openapi.json", headers=headers, timeout=15)
    document: dict[str, Any] = answer.raise_for_status().json()
    return document


def valid(schema: dict[str, Any], document: dict[str, Any]) -> Any:
    """The smallest value that fits the schema."""
    if "$ref" in schema:
        return valid(document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document)
    for told in ("example", "const", "default"):
        if told in schema:
            return schema[told]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return valid(schema["anyOf"][0], document)
    match schema.get("type"):
        case "object":
            needed = schema.get("required", [])
            return {name: valid(schema["properties"][name], document) for name in needed}
        case "array":
            return [valid(schema["items"], document)] * schema.get("minItems", 0)
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return False
        case _:
            return "walked"


class Ground:
    """A table of its own, and everything else that operations need a fresh one of."""

    def __init__(self, mesh: Mesh, client: httpx.Client, base: str) -> None:
        self._mesh, self._client, self._lock = mesh, client, threading.Lock()
        self._events = json.loads((mesh.run_dir / "secrets.json").read_text())["database-url/event-processor"]
        self.base = base
        fields = [
            {"name": "Name", "type": "singleLineText"},
            {"name": "Visited", "type": "checkbox", "options": {"icon": "check", "color": "greenBright"}},
            {"name": "Files", "type": "multipleAttachments"},
        ]
        table = self._send("POST", f"/api/v1/bases/{base}/tables", {"name": unique("Walked"), "fields": fields})
        self.table, self.field, self.files = table["id"], table["fields"][0]["id"], table["fields"][2]["id"]
        self.records = f"/api/v1/bases/{base}/tables/{self.table}/records"
        self._pool: list[str] = []
        self._send("POST", f"/api/v1/schemas/{base}/versions")

    def _send(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._client.request(method, path, json=body)
        assert answer.status_code < 300, f"{method} {path}: {answer.text}"
        return answer.json()

    def record(self) -> str:
        with self._lock:
            if not self._pool:
                new = {"records": [{"fields": {"Name": unique("Walked")}} for _ in range(RECORDS)]}
                self._pool = [each["id"] for each in self._send("POST", self.records, new)["records"]]
            return self._pool.pop()

    def comment(self, record: str) -> str:
        return str(self._send("POST", f"{self.records}/{record}/comments", {"text": "Walked"})["id"])

    def webhook(self) -> str:
        options = {"filters": {"dataTypes": ["tableData"]}}
        hook = {"specification": {"options": options}, "notification_url": "https://example.com/ping"}
        return str(self._send("POST", f"/api/v1/bases/{self.base}/webhooks", hook)["id"])

    def operation(self) -> str:
        new = {"records": [{"fields": {"Name": unique("Walked")}}]}
        return str(self._send("POST", self.records, new)["operation"])

    def named(self, path: str) -> str:
        """A fresh one of what `path` is about."""
        around, name = path.partition("/{name}")[0], unique("walked").lower()
        self._send("PUT", f"{around}/{name}", NAMED[around.rpartition("/")[2]])
        return name

    def slim(self) -> str:
        """The base as a language model is told of it."""
        return str(self._send("GET", f"/api/v1/schemas/{self.base}/slim")["text"])

    def consumer(self) -> str:
        """One that may use all of the base."""
        name = unique("walked").lower()
        self._send("PUT", f"/api/v1/schemas/{self.base}/consumers/{name}", {})
        return name

    def quarantined(self) -> str:
        insert = "INSERT INTO quarantine (digest, tenant, topic, reason, raw) VALUES"
        return self._row(f"{insert} (uuid_send(gen_random_uuid()), 'local', 'walked', 'no event', '{{}}') RETURNING id")

    def letter(self) -> str:
        insert = "INSERT INTO dead_letters (digest, tenant, consumer, event, type, subject, raw) VALUES"
        event = "'walked', 'airtable-connector.record-created.v1', 'walked', '{}'"
        values = f"(uuid_send(gen_random_uuid()), 'local', 'event-processor', {event})"
        return self._row(f"{insert} {values} RETURNING id")

    def _row(self, statement: str) -> str:
        return str(query(self._events, statement))

    def request(self, operation: Operation, document: dict[str, Any]) -> Request:
        """A valid one, on things that no other request of the walk touches."""
        path = operation.path
        values = {"base": self.base, "table": self.table, "field": self.field, "action": "walked.action"}
        if path.endswith("/uploadAttachment"):
            values["field"] = self.files
        for name, make in (
            ("record", self.record),
            ("webhook", self.webhook),
            ("operation", self.operation),
            ("consumer", self.consumer),
            ("name", lambda: self.named(path)),
            ("id", self.letter if "/dead-letters/" in path else self.quarantined),
        ):
            if f"{{{name}}}" in path:
                values[name] = make()
        if "{comment}" in path:
            values["comment"] = self.comment(values["record"])
        try:
            asked = Request(path.format(**values))
        except KeyError as missing:
            raise AssertionError(
                f"{operation.name}: say in Ground.request of {__name__} what {missing} is in its path"
            ) from None
        content = operation.documented.get("requestBody", {}).get("content", {})
        for media in content.values():
            asked.body = media.get("example") or valid(media.get("schema", {}), document)
        if operation.name in FIXTURES:
            FIXTURES[operation.name](asked, self)
        return asked


def failing(operation: Operation, allowed: Request) -> Request:
    """A body that fits no operation, or a target that does not exist."""
    if allowed.body is not None:
        return Request(allowed.path, allowed.query, [])
    path = operation.path
    for name, value in UNKNOWN.items():
        path = path.replace(f"{{{name}}}", value)
    return Request(path.replace("{", "unknown").replace("}", ""))


def unique(word: str) -> str:
    return f"{word}-{uuid4().hex[:8]}"


def _body(make: Callable[[Ground], Any]) -> Callable[[Request, Ground], None]:
    def fill(asked: Request, ground: Ground) -> None:
        asked.body = make(ground)

    return fill


def _query(name: str) -> Callable[[Request, Ground], None]:
    def fill(asked: Request, ground: Ground) -> None:
        asked.query[name] = ground.record()

    return fill


def _cells(ground: Ground) -> dict[str, Any]:
    return {"Name": unique("Walked")}


COUNTED = {"columns": {"events": {"op": "count"}}}
TRIGGER = {"events": {"type": ["walked.done.v1"]}, "emit": {"type": "walked.again.v1", "stream": "walked"}}
KEPT = {"topic": "walked.done", "max_count": 1_000}
NAMED: dict[str, Any] = {
    "projections": COUNTED,
    "subscriptions": {},
    "triggers": TRIGGER,
    "retention": KEPT,
    "searches": {},
}
BASE, TABLE, V0 = "/api/v1/bases/{base}", "/api/v1/bases/{base}/tables/{table}", "/v0/{base}/{table}"
_NEW = _body(lambda ground: {"records": [{"fields": _cells(ground)}]})
_CHANGED = _body(lambda ground: {"records": [{"id": ground.record(), "fields": _cells(ground)}]})
_ONE = _body(lambda ground: {"fields": _cells(ground)})
_FIELDS = [{"name": "Name", "type": "singleLineText"}]

# What the schema does not say of a valid request.
FIXTURES: dict[str, Callable[[Request, Ground], None]] = {
    f"POST {TABLE}/records": _NEW,
    f"PATCH {TABLE}/records": _CHANGED,
    f"PUT {TABLE}/records": _CHANGED,
    f"DELETE {TABLE}/records": _query("ids"),
    f"POST {TABLE}/records/delete": _body(lambda ground: {"ids": [ground.record()]}),
    f"POST {TABLE}/records/upsert": _body(
        lambda ground: {"merge_on": ["Name"], "records": [{"fields": _cells(ground)}]}
    ),
    f"PATCH {TABLE}/records/{{record}}": _ONE,
    f"PUT {TABLE}/records/{{record}}": _ONE,
    f"POST {BASE}/tables": _body(lambda _: {"name": unique("Walked"), "fields": _FIELDS}),
    f"PATCH {TABLE}": _body(lambda _: {"description": "Walked"}),
    f"POST {TABLE}/fields": _body(lambda _: {"name": unique("Walked"), "type": "singleLineText"}),
    f"PATCH {TABLE}/fields/{{field}}": _body(lambda _: {"description": "Walked"}),
    f"POST {BASE}/webhooks": _body(lambda _: {"specification": {"options": {"filters": {"dataTypes": ["tableData"]}}}}),
    f"POST {V0}": _NEW,
    f"PATCH {V0}": _CHANGED,
    f"PUT {V0}": _CHANGED,
    f"DELETE {V0}": _query("records[]"),
    "POST /v0/meta/bases/{base}/tables": _body(lambda _: {"name": unique("Walked"), "fields": _FIELDS}),
    "PATCH /v0/meta/bases/{base}/tables/{table}": _body(lambda _: {"description": "Walked"}),
    "POST /v0/meta/bases/{base}/tables/{table}/fields": _body(
        lambda _: {"name": unique("Walked"), "type": "singleLineText"}
    ),
    "PATCH /v0/meta/bases/{base}/tables/{table}/fields/{field}": _body(lambda _: {"description": "Walked"}),
    f"POST {V0}/listRecords": _body(lambda _: {"pageSize": 1}),
    "POST /api/v1/events": _body(lambda _: {"stream": unique("walked"), "events": [{"type": "walked.done.v1"}]}),
    "PUT /api/v1/events/projections/{name}": _body(lambda _: COUNTED),
    "POST /api/v1/events/subscriptions/{name}/ack": _body(lambda _: {"receipts": ["1.1"]}),
    "POST /api/v1/events/subscriptions/{name}/nack": _body(lambda _: {"receipts": ["1.1"]}),
    "PUT /api/v1/events/retention/{name}": _body(lambda _: KEPT),
    "PUT /api/v1/events/triggers/{name}": _body(lambda _: TRIGGER),
    "POST /api/v1/events/dead-letters/replay": _body(lambda _: {"event": unique("walked")}),
    "POST /api/v1/events/dead-letters/purge": _body(lambda _: {"event": unique("walked")}),
    "POST /api/v1/events/replays": _body(
        lambda _: {"consumer": "event-processor", "events": {"stream": unique("walked")}}
    ),
    "PUT /api/v1/audit/schemas/{action}": _body(lambda _: {"json_schema": {"type": "object"}}),
    "POST /api/v1/schemas/{base}/expand": _body(lambda ground: {"text": ground.slim()}),
    "PUT /api/v1/schemas/{base}/consumers/{consumer}": _body(lambda _: {"uses": []}),
    "PUT /api/v1/audit/retention": _body(lambda _: {"days": None}),
}

# What the simulated Airtable has not, so that an allowed request of it fails there.
NOT_SIMULATED = {"POST /api/v1/bases", "POST /v0/meta/bases"}
