"""A base whose names are as people write them: no identifiers, clashing, reserved, quoted, in other scripts."""

from typing import Any

LONG = "A name that is longer than the sixty-three bytes that PostgreSQL keeps of a name, and"
FIELDS: list[dict[str, Any]] = [
    {"name": "class", "type": "singleLineText"},
    {"name": "Amount ($)", "type": "number"},
    {"name": "Amount (€)", "type": "currency"},
    {"name": "amount", "type": "percent"},
    {"name": "id", "type": "singleLineText"},
    {"name": "created_time", "type": "date"},
    {"name": "Save", "type": "checkbox"},
    {"name": "model_config", "type": "singleLineText"},
    {"name": "list", "type": "multipleSelects", "options": {"choices": ['say "hi"', "it's", "a\\b", "a|b", "50%"]}},
    {"name": "date", "type": "date"},
    {"name": "str", "type": "singleSelect", "options": {"choices": ["*/", "#{x}", "\u00fcber", "</script>"]}},
    {"name": "2nd choice", "type": "rating", "options": {"max": 10}},
    {"name": "価格", "type": "duration"},
    {"name": "???", "type": "multilineText", "description": 'Says "what" it\'s\nfor: */ | `x` -- {y} \\'},
    {"name": "!!!", "type": "url"},
    {"name": f"{LONG} more", "type": "email"},
    {"name": f"{LONG} another", "type": "phoneNumber"},
    {"name": "Files", "type": "multipleAttachments"},
    {"name": "People?", "type": "multipleCollaborators"},
    {"name": "Person", "type": "singleCollaborator"},
    {"name": "Code", "type": "barcode"},
    {"name": "When", "type": "dateTime"},
    {"name": "Itself", "type": "multipleRecordLinks", "options": {"table": "class", "inverse": "Back"}},
    {"name": "Back", "type": "multipleRecordLinks", "options": {"table": "class", "inverse": "Itself"}},
    {"name": "Other", "type": "multipleRecordLinks", "options": {"table": "Model"}},
    {"name": "Broken", "type": "formula", "options": {"formula": "1 / 0"}},
    {"name": "Seen", "type": "multipleLookupValues", "options": {"link": "Itself", "field": "Broken"}},
    {"name": 'Text of "it"', "type": "formula", "options": {"formula": "{class} & '\\n // :='"}},
]
RECORDS: list[dict[str, Any]] = [
    {"key": "one", "fields": {"class": "x", "list": ['say "hi"', "a\\b"], "str": "*/", "Back": ["two"]}},
    {"key": "two", "fields": {"class": "y'\"\\", "Other": ["model"], "価格": 90, "Amount ($)": 1.5, "id": "mine"}},
]


def base() -> dict[str, Any]:
    """As a part of a simulator's seed."""
    model = [{"name": "Name", "type": "singleLineText"}]
    return {
        "name": "Awkward",
        "tables": [
            {"name": "class", "fields": FIELDS, "records": RECORDS, "description": 'Says "what"\nit is: */ -- \\'},
            {"name": "Model", "fields": model, "records": [{"key": "model", "fields": {"Name": "m"}}]},
            {"name": "model", "fields": model, "records": []} | {"name": "Mod-el"},
            {"name": "モデル", "fields": model, "records": []},
        ],
    }
