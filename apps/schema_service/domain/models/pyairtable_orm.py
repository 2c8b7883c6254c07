"""Models of pyairtable's ORM. Fields are called by id, so a rename in Airtable breaks no program."""

from collections.abc import Iterator, Sequence

from apps.schema_service.domain.fitting import COMPUTED
from apps.schema_service.domain.models.naming import PYTHON, pascal, quoted, snake, unique
from contracts.airtable_connector import Table, TableField

_BEGINNING = '''"""The tables of {base}, version {version} of its schema. Generated: do not edit.

`use(Api(key, endpoint_url=…))` says how to reach Airtable; else the key is AIRTABLE_API_KEY.
"""

import os
from functools import partial
from typing import Any

from pyairtable import Api
from pyairtable.orm import Model
from pyairtable.orm import fields as F


def use(api: Api) -> None:
    """Have every model here go through `api`."""
    for model in MODELS:
        model.meta.api = api

'''
_CLASSES = frozenset({*PYTHON, "Any", "Api", "F", "MODELS", "Model"})
# What pyairtable's Model has itself; a test compares.
RESERVED = frozenset({
    "Meta", "add_comment", "all", "batch_delete", "batch_save", "comment_count", "comments", "created_time", "delete",
    "exists", "fetch", "first", "from_id", "from_ids", "from_record", "id", "meta", "save", "to_record",
})  # fmt: skip
_FIELDS = {
    "aiText": "AITextField", "autoNumber": "AutoNumberField", "barcode": "BarcodeField", "button": "ButtonField",
    "checkbox": "CheckboxField", "count": "CountField", "createdBy": "CreatedByField",
    "createdTime": "CreatedTimeField", "currency": "CurrencyField", "date": "DateField", "dateTime": "DatetimeField",
    "duration": "DurationField", "email": "EmailField", "externalSyncSource": "ExternalSyncSourceField",
    "lastModifiedBy": "LastModifiedByField", "lastModifiedTime": "LastModifiedTimeField",
    "multilineText": "MultilineTextField", "multipleAttachments": "AttachmentsField",
    "multipleCollaborators": "MultipleCollaboratorsField", "multipleLookupValues": "LookupField[Any]",
    "multipleSelects": "MultipleSelectField", "number": "NumberField", "percent": "PercentField",
    "phoneNumber": "PhoneNumberField", "rating": "RatingField", "richText": "RichTextField",
    "singleCollaborator": "CollaboratorField", "singleLineText": "SingleLineTextField", "singleSelect": "SelectField",
    "url": "UrlField",
}  # fmt: skip
_ANY = "Field[Any, Any, Any]"


def generate(base: str, version: int, tables: Sequence[Table]) -> str:
    classes = unique(((table.id, table.name) for table in tables), pascal, _CLASSES)
    parts = [_BEGINNING.format(base=base, version=version)]
    parts += ["\n".join(_model(base, table, classes)) for table in tables]
    models = ", ".join(classes.values())
    return "\n".join([*parts, f"MODELS: tuple[type[Model], ...] = ({models},)\n" if models else "MODELS = ()\n"])


def _model(base: str, table: Table, classes: dict[str, str]) -> Iterator[str]:
    yield ""
    yield f"class {classes[table.id]}(Model):"
    yield f"    {quoted(table.name)}"
    yield ""
    yield "    class Meta:"
    yield '        api_key = partial(os.environ.get, "AIRTABLE_API_KEY")'
    yield f"        base_id = {quoted(base)}"
    yield f"        table_name = {quoted(table.id)}"
    yield "        use_field_ids = True"
    yield "        typecast = False"
    yield ""
    names = unique(((field.id, field.name) for field in table.fields), snake, PYTHON | RESERVED)
    for field in table.fields:
        yield f"    {names[field.id]} = {_field(field, classes)}  # {quoted(field.name)}, {field.type}"
    yield ""


def _field(field: TableField, classes: dict[str, str]) -> str:
    options = field.options or {}
    key = quoted(field.id)
    if field.type == "multipleRecordLinks":
        linked = classes.get(options.get("linkedTableId", ""))
        if linked is None:  # a table that the token may not see
            return f"F.{_ANY}({key})"
        return f'F.LinkField["{linked}"]({key}, model={quoted(linked)})'
    if field.type in ("formula", "rollup"):
        result = (options.get("result") or {}).get("type", "")
        # A link needs a model and a list a type; what a formula makes of them is read as it comes.
        kind = _ANY if result in ("multipleRecordLinks", "multipleLookupValues") else _FIELDS.get(result, _ANY)
        return f"F.{kind}({key}, readonly=True)"
    readonly = ", readonly=True" if field.type in COMPUTED and field.type not in _FIELDS else ""
    return f"F.{_FIELDS.get(field.type, _ANY)}({key}{readonly})"
