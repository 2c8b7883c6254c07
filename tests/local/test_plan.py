"""dapr.yaml is read strictly, and every error names its line."""

from pathlib import Path

import pytest

from local.errors import SetupError
from local.options import ROOT
from local.plan import load_plan

GOOD = """\
version: 1
common:
  resourcesPaths: [components]
apps:
  - appID: note-service
    appDirPath: .
    appPort: 8070
    daprHTTPPort: 13570
    daprGRPCPort: 13670
    daprInternalGRPCPort: 13770
    metricsPort: 13870
    configFilePath: config/dapr/note-service.yaml
    command: [.venv/bin/python, -m, chassis, note-service]
"""


def refusal(tmp_path: Path, text: str) -> str:
    path = tmp_path / "dapr.yaml"
    path.write_text(text)
    with pytest.raises(SetupError) as refused:
        load_plan(path)
    return str(refused.value)


def test_the_repositorys_own_run_file_is_valid() -> None:
    assert {"api-gateway", "airtable-connector"} <= set(load_plan(ROOT / "dapr.yaml").app_ids)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("appPort: 8070", "appPort: 8070\n    apPort: 1", "dapr.yaml:8: apps.0.apPort: unknown key"),
        ("    appPort: 8070\n", "", "dapr.yaml:5: apps.0.appPort: is missing"),
        ("appPort: 8070", "appPort: web", "dapr.yaml:7: apps.0.appPort: Input should be a valid integer"),
        (
            "daprGRPCPort: 13670",
            "daprGRPCPort: 13671",
            ":9: daprGRPCPort is 13671; appPort 8070 makes it 13670",
        ),
        ("appID: note-service", "appID: note_service", "dapr.yaml:5: apps.0.appID: String should match pattern"),
        ("appDirPath: .", "appDirPath: apps", "dapr.yaml:6: apps.0.appDirPath: Input should be '.'"),
        ("version: 1", "version: 2", "dapr.yaml:1: version: Input should be 1"),
        ("appPort: 8070", "appPort: 8070\n    appPort: 8200", "dapr.yaml:8: the key 'appPort' appears twice"),
        ("common:", "common: [", "dapr.yaml:4: "),
    ],
)
def test_an_error_is_named_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert said in refusal(tmp_path, GOOD.replace(old, new))


def test_an_app_listed_twice_is_refused_with_the_first_ones_line(tmp_path: Path) -> None:
    again = GOOD[GOOD.index("  - appID") :]
    assert "dapr.yaml:14: note-service is already in line 5" in refusal(tmp_path, GOOD + again)


def test_two_apps_cannot_share_a_port(tmp_path: Path) -> None:
    again = GOOD[GOOD.index("  - appID") :].replace("note-service", "memo-service")
    assert "dapr.yaml:16: port 8070 of memo-service is also used by note-service" in refusal(tmp_path, GOOD + again)


def test_a_port_of_the_sandbox_is_refused(tmp_path: Path) -> None:
    moved = GOOD.replace("8070", "8100")
    for port in (13570, 13670, 13770, 13870):
        moved = moved.replace(str(port), str(port + 30))
    assert "dapr.yaml:7: port 8100 of note-service is also used by airtable-sandbox" in refusal(tmp_path, moved)


def test_a_missing_run_file_is_said_without_a_stack_trace(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"dapr\.yaml: No such file"):
        load_plan(tmp_path / "dapr.yaml")


def test_a_part_keeps_only_the_chosen_apps_and_names_the_known_ones_for_an_unknown(tmp_path: Path) -> None:
    plan = load_plan(ROOT / "dapr.yaml")
    assert plan.part(["airtable-connector"]).app_ids == ["airtable-connector"]
    with pytest.raises(SetupError, match=r"there is no app 'notes'.*api-gateway"):
        plan.part(["notes"])
