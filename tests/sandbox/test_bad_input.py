"""Whatever is sent, the answer is Airtable's: no request ends in an exception or an answer that is not JSON."""

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.airtable import routes
from sandbox.airtable.bases import builtin
from sandbox.airtable.errors import AirtableError
from sandbox.airtable.fields import FIELD_TYPES
from sandbox.airtable.grants import Grant
from sandbox.airtable.http import Request
from sandbox.airtable.state import Sandbox
from tests.sandbox.fuzz import EXAMPLES

_sandbox = Sandbox(builtin())
_tables = [table for base in _sandbox.bases.values() for table in base.tables.values()]
_record_ids = [next(iter(table.records)) for table in _tables]

_text = st.text(max_size=8) | st.sampled_from(["", "1", "true", "2026-01-31", "rec" + "0" * 14, *_record_ids[:3]])
_scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | _text
_json = st.recursive(
    _scalars,
    lambda parts: (
        st.lists(parts, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "url", "text", "type", "email", "x"]), parts, max_size=3)
    ),
    max_leaves=6,
)
_list_keys = st.sampled_from(
    ["fields", "sort", "pageSize", "limit", "maxRecords", "view", "filterByFormula", "offset", "cellFormat", "timeZone",
     "userLocale", "returnFieldsByFieldId", "recordMetadata"]
)  # fmt: skip
_segments = st.sampled_from(
    ["v0", "meta", "bases", "whoami", "tables", "listRecords", "Companies", "recx", "", "..", *_record_ids[:2],
     _tables[0].base.id]
)  # fmt: skip
_suffixes = st.sampled_from(["", "[]", "[0]", "[0][field]", "[0][direction]", "[x]", "[", "[99999999999]"])


def answered(method, segments, query=(), content=None):
    """The status of the answer, whose body must be JSON."""
    body = b"" if content is None else orjson.dumps(content)
    request = Request(
        method, "/" + "/".join(segments), list(segments), list(query), {}, body, Grant(_sandbox.user["id"])
    )
    try:
        return orjson.dumps(routes.answer(request, _sandbox)) and 200
    except AirtableError as refusal:
        return orjson.dumps(refusal.body) and refusal.status


def path_of(table):
    return ["v0", table.base.id, table.id]


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.sampled_from(_tables), st.lists(st.tuples(st.tuples(_list_keys, _suffixes).map("".join), _text), max_size=4))
def test_any_query_is_answered(table, query):
    assert answered("GET", path_of(table), query) in (200, 422)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.sampled_from(_tables), st.dictionaries(_list_keys, _json, max_size=4) | _json)
def test_any_body_of_list_records_is_answered(table, content):
    assert answered("POST", [*path_of(table), "listRecords"], (), content) in (200, 422)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.data())
def test_any_value_for_any_field_is_answered(data):
    table = data.draw(st.sampled_from(_tables))
    names = st.sampled_from([field.name for field in table.fields.values()])
    fields = data.draw(st.dictionaries(names, _json, min_size=1, max_size=3))
    content = {"fields": fields, "typecast": data.draw(st.booleans())}
    zone = [("cellFormat", "string"), ("timeZone", "Pacific/Auckland"), ("userLocale", "en")]
    assert answered("POST", path_of(table), (), content) in (200, 422)
    newest = [*path_of(table), list(table.records)[-1]]
    assert answered("PATCH", newest, (), content) in (200, 422)
    assert answered("GET", newest, zone) == 200


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.sampled_from(_tables), st.sampled_from(["POST", "PATCH", "PUT"]), _json, _json)
def test_any_batch_and_any_upsert_is_answered(table, method, records, upsert):
    record_id = next(iter(table.records))
    for items in (records, [records], [{"id": record_id, "fields": records}]):
        content = {"records": items, "performUpsert": upsert}
        assert answered(method, path_of(table), (), content) in (200, 422)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "X"]), st.lists(_segments, max_size=6))
def test_any_path_is_answered(method, segments):
    assert answered(method, segments, (), {}) in (200, 403, 404, 422)


@pytest.mark.parametrize("name", FIELD_TYPES)
def test_every_type_refuses_or_stores_every_kind_of_value(name):
    table, field = next((t, f) for t in _tables for f in t.fields.values() if f.type.name == name)
    for value in (
        0,
        -1,
        1.5,
        2**64 - 1,
        1e308,
        True,
        "x",
        "\x00",
        [],
        [1],
        [[]],
        [{}],
        [None],
        {},
        {"id": []},
        {"text": 1},
    ):
        for typecast in (False, True):
            content = {"fields": {field.name: value}, "typecast": typecast}
            assert answered("POST", path_of(table), (), content) in (200, 422)
