"""`cellFormat=string`: every type as people read it, by the field's format, the zone and the locale asked for."""

import pytest
import requests

from sandbox.airtable.embedded import TOKEN, running
from tests.sandbox.client import Client

BASE = "app" + "A" * 14
MOMENT = "2026-01-31T23:15:30.500Z"


def dates(name, kind="dateTime", time="24hour"):
    options = {"dateFormat": {"name": name}}
    return {"name": f"{name} {time}", "type": kind, "options": options | {"timeFormat": {"name": time}}}


FIELDS = [
    {"name": "Name", "type": "singleLineText"},
    *(dates(name) for name in ("local", "friendly", "us", "european", "iso")),
    dates("local", time="12hour"),
    {"name": "Day", "type": "date", "options": {"dateFormat": {"name": "local"}}},
    {"name": "Amount", "type": "number", "options": {"precision": 2}},
    {"name": "Price", "type": "currency", "options": {"precision": 2, "symbol": "€"}},
    {"name": "Share", "type": "percent", "options": {"precision": 1}},
    {"name": "Took", "type": "duration", "options": {"durationFormat": "h:mm:ss.SS"}},
    {"name": "Stars", "type": "rating"},
    {"name": "Done", "type": "checkbox"},
    {"name": "State", "type": "singleSelect", "options": {"choices": ["Open"]}},
    {"name": "Tags", "type": "multipleSelects", "options": {"choices": ["a", "b, c"]}},
    {"name": "Who", "type": "singleCollaborator"},
    {"name": "Code", "type": "barcode"},
    {"name": "Links", "type": "multipleRecordLinks", "options": {"table": "T"}},
    {"name": "Count", "type": "count", "options": {"link": "Links"}},
    {"name": "Days", "type": "multipleLookupValues", "options": {"link": "Links", "field": "Day"}},
    {"name": "Later", "type": "formula", "options": {"formula": "DATEADD({local 24hour}, 1, 'hour')"}},
    {"name": "Failed", "type": "formula", "options": {"formula": "ERROR()"}},
    {"name": "Made", "type": "createdTime"},
]  # fmt: skip
CELLS = {
    "Name": "x", **{field["name"]: MOMENT for field in FIELDS[1:7]}, "Day": "2026-01-31", "Amount": -1234.5,
    "Price": 1234567.891, "Share": 0.125, "Took": 3725.996, "Stars": 3, "Done": True, "State": "Open",
    "Tags": ["a", "b, c"], "Who": {"email": "owner@sandbox.example"}, "Code": {"text": "123", "type": "upce"},
    "Links": ["self"],
}  # fmt: skip
SEED = {
    "bases": [
        {
            "id": BASE,
            "name": "B",
            "tables": [{"name": "T", "fields": FIELDS, "records": [{"key": "self", "fields": CELLS}, {"fields": {}}]}],
        }
    ]
}


@pytest.fixture(scope="module")
def server():
    with running(SEED, limits="off") as airtable:
        yield airtable


def shown(server, zone, locale):
    with requests.Session() as session:
        session.headers["authorization"] = f"Bearer {TOKEN}"
        client = Client(session, server.url, server.sandbox)
        query = {"cellFormat": "string", "timeZone": zone, "userLocale": locale}
        return [record["fields"] for record in client.get(f"/v0/{BASE}/T", **query)["records"]]


@pytest.mark.parametrize(
    ("locale", "zone", "local", "local_12", "friendly", "day"),
    [
        ("en", "utc", "1/31/2026 23:15", "1/31/2026 11:15pm", "January 31, 2026 23:15", "1/31/2026"),
        ("en-gb", "Europe/Berlin", "1/2/2026 00:15", "1/2/2026 12:15am", "1 February 2026 00:15", "31/1/2026"),
        ("de", "Europe/Berlin", "1.2.2026 00:15", "1.2.2026 12:15am", "1. Februar 2026 00:15", "31.1.2026"),
        ("fr-CA", "America/Toronto", "31/1/2026 18:15", "31/1/2026 6:15pm", "31 janvier 2026 18:15", "31/1/2026"),
        ("es", "Asia/Tokyo", "1/2/2026 08:15", "1/2/2026 8:15am", "1 de febrero de 2026 08:15", "31/1/2026"),
        ("xx", "client", "1/31/2026 23:15", "1/31/2026 11:15pm", "January 31, 2026 23:15", "1/31/2026"),
    ],
)
def test_dates_follow_format_zone_and_locale(server, locale, zone, local, local_12, friendly, day):
    cells, _ = shown(server, zone, locale)
    assert (cells["local 24hour"], cells["local 12hour"]) == (local, local_12)
    assert (cells["friendly 24hour"], cells["Day"], cells["Days"]) == (friendly, day, day)


def test_fixed_formats_are_the_same_in_every_locale(server):
    for locale in ("en", "de"):
        cells, _ = shown(server, "utc", locale)
        fixed = [cells[f"{name} 24hour"] for name in ("us", "european", "iso")]
        assert fixed == ["1/31/2026 23:15", "31/1/2026 23:15", "2026-01-31 23:15"]
        assert cells["Made"].startswith("2026-01-01 00:0")
        assert cells["Later"] == "2026-02-01 00:15"


def test_everything_else_is_a_text_whatever_the_locale(server):
    expected = {
        "Name": "x", "Amount": "-1234.50", "Price": "€1,234,567.89", "Share": "12.5%", "Took": "1:02:06.00",
        "Stars": "3", "Done": "checked", "State": "Open", "Tags": "a, b, c", "Who": "Sandbox Owner", "Code": "123",
        "Links": "x", "Count": "1", "Failed": "#ERROR!",
    }  # fmt: skip
    for locale in ("en", "de"):
        cells, empty = shown(server, "utc", locale)
        assert {key: cells[key] for key in expected} == expected
        assert set(empty) == {"Count", "Failed", "Later", "Made"}
