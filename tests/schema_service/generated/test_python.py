"""Generated Python: mypy agrees with it, pydantic reads every record, pyairtable's ORM carries every type."""

import datetime
import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pyairtable.orm
import pydantic
import pytest
from pyairtable.orm import fields as orm_fields

from apps.schema_service.domain.fitting import COMPUTED
from apps.schema_service.domain.models import pyairtable_orm
from contracts.airtable_connector import Table, TableField
from tests.schema_service.generated.conftest import Seeded

PYTHON = ("pydantic", "typeddict", "pyairtable")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
WRONG = """
from {module} import DealsFields
deal: DealsFields = {{"Stage": "Maybe"}}
"""


def imported(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # pyairtable looks for linked models there
    spec.loader.exec_module(module)
    return module


def models(module: ModuleType, parent: type) -> list[Any]:
    """The classes of the tables, in their order."""
    made = [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, parent)]
    return [one for one in made if one is not parent and one.__module__ == module.__name__]


@pytest.mark.timeout(300)
def test_mypy_takes_every_model_strictly_and_refuses_a_wrong_use(bases: dict[str, Seeded], tmp_path: Path) -> None:
    files = [base.write(format, tmp_path) for base in bases.values() for format in PYTHON]
    wrong = tmp_path / "wrong.py"
    wrong.write_text(WRONG.format(module=f"{bases['CRM'].id}_typeddict"))
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--cache-dir", str(tmp_path / "cache")]
    done = subprocess.run([*command, *files, wrong], cwd=tmp_path, capture_output=True, text=True, check=False)
    told = done.stdout.splitlines()
    assert len(told) == 2, done.stdout + done.stderr
    assert told[0].startswith("wrong.py:3: error:")
    assert "Maybe" in told[0] or "Stage" in told[0]


def test_pydantic_reads_every_record_and_says_the_same_again(base: Seeded, tmp_path: Path) -> None:
    module = imported(base.write("pydantic", tmp_path))
    for table, model in zip(base.tables, models(module, module.Cells), strict=True):
        writable = {field.name for field in table.fields if field.type not in COMPUTED}
        for raw in base.records(table):
            record = module.Record[model].model_validate(raw)
            again = {name: value for name, value in raw["fields"].items() if name in writable}
            assert plain(record.fields.writable()) == plain(again)


def plain(value: Any) -> Any:
    """Times in one spelling, and nothing of what was not said."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items() if one is not None}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, str) and MOMENT.fullmatch(value):
        return datetime.datetime.fromisoformat(value)
    return value


def test_pydantic_refuses_a_choice_that_is_none(bases: dict[str, Seeded], tmp_path: Path) -> None:
    deals = imported(bases["CRM"].write("pydantic", tmp_path)).Deals
    assert deals(stage="Won").writable() == {"Stage": "Won"}
    with pytest.raises(pydantic.ValidationError):
        deals(stage="Maybe")


def test_a_field_named_as_something_of_the_model_gets_another_name(bases: dict[str, Seeded], tmp_path: Path) -> None:
    module = imported(bases["Awkward"].write("pydantic", tmp_path))
    names = list(module.Class.model_fields)
    assert names[:9] == [
        "class_", "amount", "amount_2", "amount_3", "id", "created_time", "save", "model_config_", "list_",
    ]  # fmt: skip
    assert [model.__name__ for model in models(module, module.Cells)] == ["Class", "Model", "ModEl", "モデル"]


def test_the_names_that_pyairtable_keeps_for_itself_are_all_known() -> None:
    own = {name for name in (*dir(pyairtable.orm.Model), "Meta", "meta") if not name.startswith("_")}
    assert own <= pyairtable_orm.RESERVED


VALUES: dict[str, Any] = {
    "barcode": {"text": "4006381333931"},
    "checkbox": True,
    "currency": 12.5,
    "date": datetime.date(2026, 11, 25),
    "dateTime": datetime.datetime(2026, 11, 25, 8, 30, tzinfo=datetime.UTC),
    "duration": datetime.timedelta(minutes=90),
    "email": "ada@example.com",
    "multilineText": "one\ntwo",
    "number": 7,
    "percent": 0.25,
    "phoneNumber": "+43 316 1234",
    "rating": 2,
    "richText": "**x**\n",
    "singleLineText": "a 'quoted' \"text\"",
    "url": "https://example.com/",
}


def value(field: TableField, base: Seeded, model: Any) -> Any:
    """Something the field takes, in the ORM's form."""
    match field.type:
        case "singleSelect":
            return (field.options or {})["choices"][-1]["name"]
        case "multipleSelects":
            return [choice["name"] for choice in (field.options or {})["choices"][:2]]
        case "multipleAttachments":
            return [{"url": "https://files.example.com/a.png", "filename": "a.png"}]
        case "singleCollaborator" | "multipleCollaborators":
            user = {"id": somebody(base)}
            return user if field.type == "singleCollaborator" else [user]
        case "multipleRecordLinks":
            linked = (field.options or {})["linkedTableId"]
            there = next(one for one in model if one.meta.table_name == linked)
            return [there.from_record(base.records(next(t for t in base.tables if t.id == linked), by_id=True)[0])]
    return VALUES[field.type]


def somebody(base: Seeded) -> str:
    return str(base.api.whoami()["id"])


def test_the_orm_writes_and_reads_every_writable_type(base: Seeded, tmp_path: Path) -> None:
    module = imported(base.write("pyairtable", tmp_path))
    module.use(base.api)
    for table, model in zip(base.tables, module.MODELS, strict=True):
        if not base.records(table):
            continue
        attributes = {descriptor.field_name: name for name, descriptor in model._attribute_descriptor_map().items()}
        cells = {
            attributes[field.id]: value(field, base, module.MODELS)
            for field in table.fields
            if field.type not in COMPUTED and field.name != "Back"  # the other side of Itself
        }
        made = model(**cells)
        made.save()
        try:
            read = model.from_id(made.id, memoize=False)
            for name, wanted in cells.items():
                assert same(getattr(read, name), wanted), f"{table.name}.{name}"
            read.save(force=True)  # what was read can be written again
        finally:
            made.delete()


def same(got: Any, wanted: Any) -> bool:
    """Airtable adds to people and files what it knows of them; links are the same by their id."""
    if isinstance(wanted, list):
        return len(got) == len(wanted) and all(map(same, got, wanted))
    if isinstance(wanted, dict):
        return all(got[key] == one for key, one in wanted.items() if key != "url")
    if isinstance(wanted, pyairtable.orm.Model):
        return bool(got.id == wanted.id)
    return bool(got == wanted)


def test_every_record_can_be_read_by_the_orm(base: Seeded, tmp_path: Path) -> None:
    module = imported(base.write("pyairtable", tmp_path))
    for table, model in zip(base.tables, module.MODELS, strict=True):
        plain_fields = {
            name: descriptor
            for name, descriptor in model._attribute_descriptor_map().items()
            if not isinstance(descriptor, orm_fields.LinkField)
        }
        for raw in base.records(table, by_id=True):
            record = model.from_record(raw, memoize=False)
            for name, descriptor in plain_fields.items():
                assert (getattr(record, name) not in (None, "", [], False)) >= bool(
                    raw["fields"].get(descriptor.field_name)
                ), f"{table.name}.{name}"


def test_a_table_nobody_may_see_is_read_as_it_comes() -> None:
    link = TableField(id="fldA", name="Link", type="multipleRecordLinks", options={"linkedTableId": "tblHidden"})
    table = Table(id="tblA", name="A", primary_field_id="fldA", fields=[link])
    assert "link = F.Field[Any, Any, Any]" in pyairtable_orm.generate("appA", 1, [table])
