"""`pyat records`: what is asked of the gateway, and what is printed."""

import json
from typing import Any

import pytest

from tests.cli.conftest import BASE

RECORDS = f"/api/v1/bases/{BASE}/tables/Contacts/records"
ADA = {"id": "recADA", "created_time": "2026-01-01T00:00:00Z", "fields": {"Name": "Ada", "Age": 36}}
BOB = {"id": "recBOB", "created_time": "2026-01-01T00:00:00Z", "fields": {"Name": "Bob", "Tags": ["a", "b"]}}


def written(*records: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"complete": True, "calls": [], "records": list(records), **more}


def test_a_page_is_printed_in_columns_with_every_field_any_record_has(gateway, pyat):
    gateway.on("GET", RECORDS, {"items": [ADA, BOB], "next": None})
    done = pyat("records", "list", BASE, "Contacts")
    assert done.stdout.splitlines() == [
        "id      Name  Age  Tags",
        "recADA  Ada   36",
        'recBOB  Bob        ["a", "b"]',
    ]


def test_filter_fields_sort_view_and_page_size_reach_the_gateway(gateway, pyat):
    gateway.on("GET", RECORDS, {"items": [], "next": None})
    options = ["--filter", "{Name} = 'Ada'", "--field", "Name", "--field", "Age", "--sort", "-Age", "--view", "All"]
    assert pyat("records", "list", BASE, "Contacts", *options, "--page-size", "5", "--cursor", "c1").exit_code == 0
    assert sorted(gateway.seen[0].params) == [
        ("cursor", "c1"),
        ("fields", "Age"),
        ("fields", "Name"),
        ("filter", "{Name} = 'Ada'"),
        ("page_size", "5"),
        ("sort", "-Age"),
        ("view", "All"),
    ]


def test_one_page_says_where_the_next_begins(gateway, pyat):
    gateway.on("GET", RECORDS, {"items": [ADA], "next": "c2"})
    done = pyat("records", "list", BASE, "Contacts")
    assert "--cursor c2" in done.stderr
    assert len(gateway.seen) == 1


def test_all_follows_the_cursor_to_the_end(gateway, pyat):
    gateway.on("GET", RECORDS, {"items": [ADA], "next": "c2"})
    gateway.on("GET", RECORDS, {"items": [BOB], "next": None})
    done = pyat("records", "list", BASE, "Contacts", "--all", "--json")
    assert json.loads(done.stdout) == {"items": [ADA, BOB], "next": None}
    assert ("cursor", "c2") in gateway.seen[1].params


def test_a_base_can_be_named_and_a_table_may_hold_any_character(gateway, pyat):
    gateway.on("GET", "/api/v1/bases", {"items": [{"id": BASE, "name": "CRM"}], "next": None})
    gateway.on("GET", f"/api/v1/bases/{BASE}/tables/In%2FOut%20of%20stock/records", {"items": [], "next": None})
    assert pyat("records", "list", "crm", "In/Out of stock").exit_code == 0


def test_an_unknown_base_name_is_answered_with_the_names_there_are(gateway, pyat):
    gateway.on("GET", "/api/v1/bases", {"items": [{"id": BASE, "name": "CRM"}], "next": None})
    done = pyat("records", "list", "Sales", "Contacts")
    assert (done.exit_code, done.stderr) == (2, "no bases are called 'Sales'; there are: CRM\n")


def test_one_record_is_printed_a_field_a_line(gateway, pyat):
    gateway.on("GET", f"{RECORDS}/recADA", ADA)
    done = pyat("records", "get", BASE, "Contacts", "recADA")
    assert done.stdout.splitlines()[1:] == ["id     recADA", "Name   Ada", "Age    36"]


def test_text_and_json_fields_are_created_as_typed(gateway, pyat):
    gateway.on("POST", RECORDS, written(ADA), status=201)
    done = pyat("records", "create", BASE, "Contacts", "Name=Ada=Lovelace", "Age:=36", "--typecast")
    assert done.stdout == "recADA\n"
    assert gateway.seen[0].body == {
        "records": [{"fields": {"Name": "Ada=Lovelace", "Age": 36}}],
        "typecast": True,
    }


def test_every_write_carries_an_idempotency_key_of_its_own(gateway, pyat):
    gateway.on("POST", RECORDS, written(ADA))
    for _ in range(2):
        pyat("records", "create", BASE, "Contacts", "Name=Ada")
    first, second = (request.headers["idempotency-key"] for request in gateway.seen)
    assert first
    assert first != second


def test_records_are_created_from_standard_input_with_or_without_the_word_fields(gateway, pyat):
    gateway.on("POST", RECORDS, written(ADA, BOB))
    given = json.dumps([{"Name": "Ada"}, {"fields": {"Name": "Bob"}}])
    done = pyat("records", "create", BASE, "Contacts", "--from", "-", input=given)
    assert done.stdout == "recADA\nrecBOB\n"
    assert gateway.seen[0].body["records"] == [{"fields": {"Name": "Ada"}}, {"fields": {"Name": "Bob"}}]


@pytest.mark.parametrize(
    ("arguments", "given", "said"),
    [
        (["Name"], None, "'Name' is no field"),
        (["=x"], None, "'=x' is no field"),
        (["Age:=thirty"], None, "Age:=thirty: not JSON"),
        ([], None, "no fields"),
        (["--from", "-"], "[1]", "neither an object nor a list of objects"),
        (["--from", "-"], "[]", "neither an object nor a list of objects"),
        (["--from", "missing.json"], None, "cannot be read"),
        (["Name=x", "--from", "-"], "[]", "not from both"),
    ],
)
def test_what_is_no_record_is_refused_before_anything_is_asked(gateway, pyat, arguments, given, said):
    done = pyat("records", "create", BASE, "Contacts", *arguments, input=given)
    assert done.exit_code == 2
    assert said in done.stderr
    assert gateway.seen == []


@pytest.mark.parametrize(("options", "verb"), [([], "PATCH"), (["--replace"], "PUT")])
def test_an_update_leaves_other_fields_alone_unless_it_replaces(gateway, pyat, options, verb):
    gateway.on(verb, f"{RECORDS}/recADA", ADA)
    assert pyat("records", "update", BASE, "Contacts", "recADA", "Age:=37", *options).exit_code == 0
    assert gateway.seen[0].body == {"fields": {"Age": 37}, "typecast": False}


def test_an_upsert_says_what_was_created_and_what_was_updated(gateway, pyat):
    gateway.on("POST", f"{RECORDS}/upsert", written(ADA, BOB, created=["recADA"], updated=["recBOB"]))
    given = '[{"Name": "Ada"}, {"Name": "Bob"}]'
    done = pyat("records", "upsert", BASE, "Contacts", "--merge-on", "Name", "--from", "-", input=given)
    assert done.stdout.splitlines()[1:] == ["created  recADA", "updated  recBOB"]
    assert gateway.seen[0].body["merge_on"] == ["Name"]


def test_an_upsert_without_a_field_to_merge_on_is_refused(pyat):
    done = pyat("records", "upsert", BASE, "Contacts", "Name=Ada")
    assert (done.exit_code, "--merge-on" in done.stderr) == (2, True)


def test_a_batch_that_was_written_in_part_prints_what_was_and_says_what_was_not(gateway, pyat):
    calls = [
        {"first": 0, "count": 10, "outcome": "done", "error": None},
        {"first": 10, "count": 2, "outcome": "failed", "error": {"code": "airtable.invalid-request", "detail": "No."}},
    ]
    gateway.on("POST", RECORDS, {"complete": False, "calls": calls, "records": [ADA]}, status=207)
    done = pyat("records", "create", BASE, "Contacts", "Name=Ada")
    assert done.exit_code == 8
    assert done.stdout == "recADA\n"
    assert done.stderr == "records 11 to 12: failed: airtable.invalid-request: No.\n"


def test_deleting_prints_each_id_once_it_is_gone_and_stops_at_the_first_refusal(gateway, pyat):
    gateway.on("DELETE", f"{RECORDS}/recADA", {"id": "recADA", "deleted": True})
    done = pyat("records", "delete", BASE, "Contacts", "recADA", "recNONE", "recBOB")
    assert (done.exit_code, done.stdout) == (3, "recADA\n")
    assert [request.path.rsplit("/", 1)[1] for request in gateway.seen] == ["recADA", "recNONE"]


def test_a_cell_is_one_line_of_at_most_forty_characters(gateway, pyat):
    gateway.on(
        "GET", RECORDS, {"items": [{"id": "recX", "fields": {"Notes": "a\n\x1b[31mb" + "c" * 99}}], "next": None}
    )
    line = pyat("records", "list", BASE, "Contacts").stdout.splitlines()[1]
    assert line == "recX  a [31mb" + "c" * 32 + "…"
