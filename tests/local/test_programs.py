"""Programs that are no app of ours get the topics that were written down for them, and nothing else."""

from pathlib import Path

import pytest
import yaml

from local import generating
from local.errors import SetupError
from tests.local.test_plan import GOOD

EVENTS = """
class SchemaChanged(BaseModel):
    TOPIC: ClassVar[str] = "schema-service.schema-changed"
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "dapr.yaml").write_text(GOOD)
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "schema_service.py").write_text(EVENTS)
    (tmp_path / "components").mkdir()
    (tmp_path / "components" / "state.yaml").write_text("{metadata: {name: state}, spec: {}}\n")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "routes.yaml").write_text("[]")
    write(tmp_path, "invoice-writer:\n  subscribes: [schema-service.schema-changed]\n")
    return tmp_path


def write(root: Path, programs: str) -> None:
    (root / "config" / "programs.yaml").write_text(programs)


def read(root: Path, *path: str) -> dict:
    return yaml.safe_load(root.joinpath(*path).read_text())


def test_a_program_has_the_bus_with_its_topics_and_its_dead_letters(root: Path) -> None:
    generating.configure(root)
    bus = read(root, "components", "bus.yaml")
    assert "invoice-writer" in bus["scopes"]
    scopes = {item["name"]: item["value"].split(";") for item in bus["spec"]["metadata"] if "Scopes" in item["name"]}
    assert "invoice-writer=schema-service.schema-changed" in scopes["subscriptionScopes"]
    assert "invoice-writer=dead-letters.invoice-writer" in scopes["publishingScopes"]


def test_nobody_may_call_a_program_and_it_reads_no_secret(root: Path) -> None:
    generating.configure(root)
    spec = read(root, "config", "dapr", "programs", "invoice-writer.yaml")["spec"]
    assert (spec["accessControl"]["defaultAction"], spec["accessControl"]["policies"]) == ("deny", [])
    assert spec["secrets"]["scopes"] == [{"storeName": "secrets", "defaultAccess": "deny", "allowedSecrets": []}]


def test_a_program_that_is_no_longer_named_loses_its_configuration(root: Path) -> None:
    generating.configure(root)
    write(root, "")
    generating.configure(root)
    assert not (root / "config" / "dapr" / "programs" / "invoice-writer.yaml").exists()
    assert "invoice-writer" not in read(root, "components", "bus.yaml")["scopes"]


def test_only_who_is_named_has_the_bus_at_all(root: Path) -> None:
    generating.configure(root)
    bus = read(root, "components", "bus.yaml")
    named = {entry.partition("=")[0] for item in bus["spec"]["metadata"] if "Scopes" in item["name"]
             for entry in item["value"].split(";")}  # fmt: skip
    assert set(bus["scopes"]) == named


@pytest.mark.parametrize(
    ("programs", "said"),
    [
        ("note-service:\n  subscribes: []\n", "an app has it"),
        ("Invoice Writer:\n  subscribes: []\n", "cannot be a program's name"),
        ("invoice-writer:\n  publishes: [anything]\n", "write `subscribes:`"),
        ("invoice-writer:\n  subscribes: everything\n", "write `subscribes:`"),
        ("invoice-writer:\n  subscribes: [schema-service.gone]\n", r"nobody publishes schema-service\.gone"),
    ],
)
def test_what_is_written_wrongly_is_said(root: Path, programs: str, said: str) -> None:
    write(root, programs)
    with pytest.raises(SetupError, match=said):
        generating.configure(root)
