"""The goldens of the contracts."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from contracts import __main__ as command
from contracts import schemas
from contracts.airtable_connector import NewRecords, RecordsQuery, Upsert


def test_the_committed_schemas_are_what_the_code_says() -> None:
    assert schemas.differences() == []


def test_a_changed_a_missing_and_a_left_over_golden_are_each_named(tmp_path: Path) -> None:
    goldens = sorted(path.name for path in schemas.FOLDER.glob("*.json"))
    assert schemas.differences(tmp_path) == [f"{name}: missing" for name in goldens]
    schemas.write(tmp_path)
    assert schemas.differences(tmp_path) == []
    (tmp_path / "airtable_connector.json").write_text("{}")
    (tmp_path / "gone_service.json").write_text("{}")
    assert schemas.differences(tmp_path) == [
        "airtable_connector.json: differs",
        "gone_service.json: no such contract",
    ]
    schemas.write(tmp_path)
    assert schemas.differences(tmp_path) == []


def test_check_says_what_to_run_and_exits_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["contracts", "--check"])
    assert command.main() == 0
    monkeypatch.setattr(schemas, "differences", lambda: ["x.json: differs"])
    assert command.main() == 1
    assert "x.json: differs; run `python -m contracts`" in capsys.readouterr().err


def test_a_schema_is_readable_without_python() -> None:
    document = json.loads((schemas.FOLDER / "airtable_connector.json").read_text())
    assert document["$defs"]["NewRecords"]["properties"]["records"]["maxItems"] == 1_000
    assert document["$defs"]["RecordsQuery"]["additionalProperties"] is False


@pytest.mark.parametrize(
    ("model", "value"),
    [
        (NewRecords, {"records": []}),
        (NewRecords, {"records": [{"fields": {}}] * 1_001}),
        (NewRecords, {"records": [{"fields": 3}]}),
        (NewRecords, {"records": [{"fields": {}}], "recrods": 1}),
        (Upsert, {"merge_on": [], "records": [{"fields": {}}]}),
        (Upsert, {"merge_on": ["a", "b", "c", "d"], "records": [{"fields": {}}]}),
        (Upsert, {"merge_on": ["a"], "records": [{"id": "nonsense", "fields": {}}]}),
        (RecordsQuery, {"page_size": 0}),
        (RecordsQuery, {"page_size": 101}),
        (RecordsQuery, {"sort": ["-"]}),
        (RecordsQuery, {"pagesize": 10}),
    ],
)
def test_what_a_caller_may_not_send_is_refused(model: type, value: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        model.model_validate(value)  # type: ignore[attr-defined]
