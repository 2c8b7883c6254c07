"""Access rules follow from the calls in the code and the gateway's routes."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from chassis._events import TRIES
from local import callers, generating, topics
from local.errors import SetupError
from tests.local.test_plan import GOOD

NOTES = """
class Schema(Peer, app_id="schema-service"):
    async def table(self, base: str, table: str) -> Table:
        return await self.get(f"/bases/{base}/tables/{table}", Table)

    async def add(self, new: New) -> Table:
        return await self.post("/bases", Table, json=new)

    async def label(self, name: str) -> Label:
        return await self.delete(f"/labels/{name}?force=true", Label)
"""


def app(name: str, port: int) -> str:
    entry = GOOD[GOOD.index("  - appID") :].replace("note-service", name)
    for distance in (0, 5500, 5600, 5700, 5800):
        entry = entry.replace(str(8070 + distance), str(port + distance))
    return entry


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with the gateway, a caller and its callee."""
    (tmp_path / "dapr.yaml").write_text(GOOD + app("schema-service", 8021) + app("api-gateway", 8000))
    folder = tmp_path / "apps" / "note_service"
    folder.mkdir(parents=True)
    (folder / "clients.py").write_text(NOTES)
    (tmp_path / "components").mkdir()
    (tmp_path / "components" / "state.yaml").write_text("{metadata: {name: state}, spec: {}}\n")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "routes.yaml").write_text(
        "- {prefix: /api/v1/notes, app: note-service, methods: [GET, POST]}\n"
        "- {prefix: /api/v1/memos, app: note-service, methods: [GET, DELETE]}\n"
    )
    return tmp_path


def rules(root: Path, callee: str) -> dict[str, dict[str, list[str]]]:
    """caller → path → verbs, as the written Configuration says."""
    assert generating.configure(root) == 0
    spec: dict[str, Any] = yaml.safe_load((root / "config" / "dapr" / f"{callee}.yaml").read_text())["spec"]
    assert spec["accessControl"]["defaultAction"] == "deny"
    return {
        policy["appId"]: {rule["name"]: rule["httpVerb"] for rule in policy["operations"]}
        for policy in spec["accessControl"]["policies"]
    }


def test_a_typed_client_opens_the_callee_for_its_caller_by_first_segment(root: Path) -> None:
    assert rules(root, "schema-service")["note-service"] == {"/bases/**": ["GET", "POST"], "/labels/**": ["DELETE"]}


def test_routes_of_one_first_segment_are_one_rule_with_all_verbs(root: Path) -> None:
    assert rules(root, "note-service")["api-gateway"]["/api/**"] == ["DELETE", "GET", "POST"]


def test_the_gateway_may_read_everybodys_health_and_document(root: Path) -> None:
    asked = {"/healthz": ["GET"], "/openapi.json": ["GET"], "/readyz": ["GET"]}
    assert rules(root, "schema-service")["api-gateway"] == asked


def test_every_app_with_an_audited_route_and_the_gateway_may_hand_entries_to_audit_service(root: Path) -> None:
    plan = root / "dapr.yaml"
    plan.write_text(plan.read_text() + app("audit-service", 8061))
    routes = '@router.post("/notes", audit="note.add")\ndef add(): ...\n'
    (root / "apps" / "note_service" / "routes.py").write_text(routes)
    asked = rules(root, "audit-service")
    assert {caller for caller, paths in asked.items() if paths.get("/ingest/**") == ["POST"]} == {
        "api-gateway",
        "note-service",
    }


def test_nobody_may_call_the_gateway(root: Path) -> None:
    assert rules(root, "api-gateway") == {}


def test_a_package_of_clients_is_read_too(root: Path) -> None:
    folder = root / "apps" / "note_service"
    (folder / "clients").mkdir()
    (folder / "clients.py").rename(folder / "clients" / "schema.py")
    assert "note-service" in rules(root, "schema-service")


def test_a_path_without_a_literal_first_segment_is_refused_with_its_line(root: Path) -> None:
    path = root / "apps" / "note_service" / "clients.py"
    path.write_text(NOTES.replace('"/bases"', "path"))
    with pytest.raises(SetupError, match=r"apps/note_service/clients\.py:7: the path's first segment"):
        generating.configure(root)


def test_half_a_first_segment_is_not_a_segment(root: Path) -> None:
    path = root / "apps" / "note_service" / "clients.py"
    path.write_text(NOTES.replace('f"/labels/{name}', 'f"/label{name}'))
    with pytest.raises(SetupError, match=r"clients\.py:10"):
        generating.configure(root)


def test_a_callee_that_does_not_exist_is_refused(root: Path) -> None:
    path = root / "apps" / "note_service" / "clients.py"
    path.write_text(NOTES.replace("schema-service", "shema-service"))
    with pytest.raises(SetupError, match="shema-service"):
        generating.configure(root)


def test_only_the_secrets_an_app_needs_are_open_to_it(root: Path) -> None:
    generating.configure(root)
    spec = yaml.safe_load((root / "config" / "dapr" / "note-service.yaml").read_text())["spec"]
    (scope,) = spec["secrets"]["scopes"]
    assert scope == {
        "storeName": "secrets",
        "defaultAccess": "deny",
        "allowedSecrets": [
            "database-url/note-service",
            "identity/public-key",
            "identity/service-keys",
            "service-key/note-service",
        ],
    }


def test_every_app_has_a_resiliency_target_that_never_repeats_a_call(root: Path) -> None:
    generating.configure(root)
    spec = yaml.safe_load((root / "components" / "resiliency.yaml").read_text())["spec"]
    assert set(spec["targets"]["apps"]) == {"note-service", "schema-service", "api-gateway"}
    for target in spec["targets"]["apps"].values():
        assert spec["policies"]["retries"][target["retry"]]["maxRetries"] == 0
        assert "timeout" not in target


def test_an_app_that_must_have_every_event_of_another_may_ask_it_for_them(root: Path) -> None:
    (root / "apps" / "note_service" / "clients.py").write_text(
        'class Schemas(EventSource, app_id="schema-service"):\n    """Every change of a schema."""\n'
    )
    assert rules(root, "schema-service")["note-service"] == {"/_events": ["GET"]}


EVENTS = """
class SchemaChanged(BaseModel):
    TOPIC: ClassVar[str] = "schema-service.schema-changed"
"""
HANDLER = """
from contracts.schema_service import SchemaChanged as Changed

@subscribe(Changed)
async def forget(event: Changed) -> None: ...
"""


def test_an_app_may_publish_its_own_events_and_get_what_it_subscribes_to_and_nothing_else(root: Path) -> None:
    (root / "contracts").mkdir()
    (root / "contracts" / "schema_service.py").write_text(EVENTS)
    (root / "apps" / "note_service" / "subscriptions.py").write_text(HANDLER)
    generating.configure(root)
    spec = yaml.safe_load((root / "components" / "bus.yaml").read_text())["spec"]
    scopes = {item["name"]: item.get("value") for item in spec["metadata"] if item["name"].endswith("Scopes")}
    assert scopes == {
        "publishingScopes": "api-gateway=;note-service=dead-letters.note-service,note-service.event-failed;"
        "schema-service=schema-service.schema-changed",
        "subscriptionScopes": "api-gateway=;note-service=dead-letters.note-service,schema-service.schema-changed;"
        "schema-service=",
    }


@pytest.mark.parametrize("imported", ["contracts.schema_service", "contracts.schema_service.events"])
def test_events_in_a_package_of_their_owners_are_found(root: Path, imported: str) -> None:
    package = root / "contracts" / "schema_service"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from contracts.schema_service.events import SchemaChanged\n")
    (package / "events.py").write_text(EVENTS)
    handler = root / "apps" / "note_service" / "subscriptions.py"
    handler.write_text(HANDLER.replace("contracts.schema_service", imported))
    found = topics.find(root, ["schema-service", "note-service"])
    assert found.published["schema-service"] == {"schema-service.schema-changed"}
    assert "schema-service.schema-changed" in found.subscribed["note-service"]


def test_an_app_that_listens_gets_every_topic_and_the_way_to_every_owner(root: Path) -> None:
    (root / "contracts").mkdir()
    (root / "contracts" / "schema_service.py").write_text(EVENTS)
    (root / "apps" / "schema_service").mkdir(exist_ok=True)
    (root / "apps" / "note_service" / "subscriptions.py").write_text("@listen(topics())\nasync def keep(): ...\n")
    app_ids = ["schema-service", "note-service"]
    assert topics.find(root, app_ids).subscribed["note-service"] == {
        "dead-letters.note-service",
        "dead-letters.schema-service",
        "schema-service.event-failed",
        "schema-service.schema-changed",
    }
    calls = callers.find(root, app_ids)
    assert calls.of("schema-service")["note-service"]["/_events"] == {"GET"}
    assert calls.of("note-service") == {"note-service": {"/dapr/**": {"GET", "POST"}}}


def test_a_subscription_to_what_no_contract_knows_is_said_with_its_line(root: Path) -> None:
    (root / "apps" / "note_service" / "subscriptions.py").write_text(HANDLER)
    with pytest.raises(SetupError, match=r"subscriptions.py:4: subscribe\(Changed\)"):
        generating.configure(root)


def test_an_event_in_another_apps_module_is_said(root: Path) -> None:
    (root / "contracts").mkdir()
    (root / "contracts" / "note_service.py").write_text(EVENTS)
    with pytest.raises(SetupError, match=r"schema-service\.schema-changed is schema-service's"):
        generating.configure(root)


def test_an_event_is_brought_again_as_often_as_the_chassis_counts(root: Path) -> None:
    generating.configure(root)
    spec = yaml.safe_load((root / "components" / "resiliency.yaml").read_text())["spec"]
    retry = spec["policies"]["retries"][spec["targets"]["components"]["bus"]["inbound"]["retry"]]
    assert retry["maxRetries"] == TRIES - 1


def test_check_writes_nothing_and_names_what_is_not_current(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert generating.configure(root, check=True) == 1
    assert not (root / "config" / "dapr").exists()
    generating.configure(root)
    assert generating.configure(root, check=True) == 0
    stale = root / "config" / "dapr" / "note-service.yaml"
    stale.write_text(stale.read_text().replace("deny", "allow"))
    capsys.readouterr()
    assert generating.configure(root, check=True) == 1
    assert "config/dapr/note-service.yaml is not current" in capsys.readouterr().out
    assert "allow\n" in stale.read_text()


def test_the_configuration_of_a_removed_app_is_removed(root: Path) -> None:
    generating.configure(root)
    left = root / "config" / "dapr" / "old-service.yaml"
    left.write_text("")
    assert generating.configure(root, check=True) == 1
    generating.configure(root)
    assert not left.exists()


def test_a_route_without_its_app_is_said(root: Path) -> None:
    (root / "config" / "routes.yaml").write_text("- {prefix: /x}\n")
    with pytest.raises(SetupError, match="needs prefix, app and methods"):
        callers.find(root, ["api-gateway"])
