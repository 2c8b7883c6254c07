"""`pyat schema`: take, diff, drift."""

import json

import pytest

BASE = "appCRM00000000001"
SCHEMAS = f"/api/v1/schemas/{BASE}"
CHANGE = {"kind": "added", "what": "field"}


def test_a_snapshot_says_its_version(gateway, pyat):
    gateway.on("POST", f"{SCHEMAS}/versions", {"base": BASE, "version": 3, "taken_at": "2026-11-25T16:00:00Z"})
    assert pyat("schema", "take", BASE).stdout == f"{BASE} version 3, taken 2026-11-25T16:00:00Z\n"


@pytest.mark.parametrize(
    ("breaking", "changes", "options", "code"),
    [(True, [CHANGE], [], 1), (False, [CHANGE], [], 0), (False, [CHANGE], ["--any"], 1), (False, [], ["--any"], 0)],
)
def test_drift_ends_with_1_when_something_breaks_or_when_asked_for_any_difference(
    gateway, pyat, breaking, changes, options, code
):
    gateway.on("GET", f"{SCHEMAS}/drift", {"breaking": breaking, "changes": changes, "text": "told"})
    told = pyat("schema", "drift", BASE, "--against", "2", *options)
    assert (told.exit_code, told.stdout) == (code, "told\n")
    assert gateway.seen[0].params == [("against", "2")]


def test_a_diff_asks_for_both_versions(gateway, pyat):
    gateway.on("GET", f"{SCHEMAS}/diff", {"breaking": True, "changes": [CHANGE], "text": "told"})
    assert pyat("schema", "diff", BASE, "1", "2").exit_code == 1
    assert gateway.seen[0].params == [("before", "1"), ("after", "2")]


def test_versions_are_listed_from_every_page(gateway, pyat):
    one = {"version": 2, "taken_at": "2026-11-25T16:00:00Z", "taken_by": "ada"}
    gateway.on("GET", f"{SCHEMAS}/versions", {"items": [one], "next": "2"})
    gateway.on("GET", f"{SCHEMAS}/versions", {"items": [one | {"version": 1}], "next": None})
    assert [line.split()[0] for line in pyat("schema", "versions", BASE).stdout.splitlines()] == ["version", "2", "1"]


def test_models_go_to_standard_output_or_into_a_file(gateway, pyat, tmp_path):
    gateway.on("GET", f"{SCHEMAS}/models", "class Deals: ...\n")
    assert pyat("schema", "models", BASE, "-f", "pydantic", "--version", "3").stdout == "class Deals: ...\n"
    assert gateway.seen[0].params == [("format", "pydantic"), ("version", "3")]
    assert pyat("schema", "models", BASE, "-f", "sql", "-o", str(tmp_path / "a.sql")).stdout == ""
    assert (tmp_path / "a.sql").read_text() == "class Deals: ...\n"
    told = json.loads(pyat("schema", "models", BASE, "-f", "sql", "--json").stdout)
    assert told == {"format": "sql", "content": "class Deals: ...\n"}


def test_a_format_nobody_knows_is_a_wrong_command_line(pyat):
    assert pyat("schema", "models", BASE, "-f", "cobol").exit_code == 2


def test_the_slim_view_is_printed_alone_and_its_size_beside_it(gateway, pyat):
    gateway.on("GET", f"{SCHEMAS}/slim", {"text": "# Deals", "tokens": 2, "tokens_of_schema": 40})
    told = pyat("schema", "slim", BASE, "--as-of", "2026-11-25T12:00:00Z")
    assert (told.stdout, told.stderr) == ("# Deals\n", "about 2 tokens, 40 in full\n")
    assert gateway.seen[0].params == [("as_of", "2026-11-25T12:00:00Z")]


def test_a_slim_view_from_standard_input_is_expanded(gateway, pyat):
    field = {"name": "Name", "type": "singleLineText", "id": None}
    gateway.on("POST", f"{SCHEMAS}/expand", {"tables": [{"name": "Deals", "fields": [field]}]})
    told = pyat("schema", "expand", BASE, input="# Deals\nName")
    assert told.stdout.splitlines()[1].split() == ["Deals", "Name", "singleLineText"]
    assert gateway.seen[0].body == {"text": "# Deals\nName"}


@pytest.mark.parametrize(
    ("command", "path", "params"),
    [
        (["depends", BASE], "dependencies", []),
        (["impact", BASE, "Deals.Name", "--change", "retype"], "impact", [("of", "Deals.Name"), ("change", "retype")]),
    ],
)
def test_what_needs_what_is_told_as_text_or_as_json(gateway, pyat, command, path, params):
    gateway.on("GET", f"{SCHEMAS}/{path}", {"text": "told", "edges": []})
    assert pyat("schema", *command).stdout == "told\n"
    assert gateway.seen[0].params == params
    assert json.loads(pyat("schema", *command, "--json").stdout) == {"text": "told", "edges": []}


def test_a_search_goes_through_all_bases(gateway, pyat):
    found = {"base": BASE, "table": "Deals", "what": "field", "name": "Amount", "type": "currency", "id": "fld1"}
    gateway.on("GET", "/api/v1/schemas/search", {"items": [found], "next": None})
    told = pyat("schema", "search", "deal", "amount").stdout.splitlines()
    assert told[1].split() == [BASE, "Deals", "field", "Amount", "currency", "fld1"]
    assert gateway.seen[0].params == [("q", "deal amount")]


@pytest.mark.parametrize(("broken", "code"), [(True, 1), (False, 0)])
def test_a_consumer_ends_with_1_when_it_is_broken(gateway, pyat, broken, code):
    gateway.on("GET", f"{SCHEMAS}/consumers/billing", {"broken": broken, "text": "told"})
    told = pyat("schema", "consumer", BASE, "billing")
    assert (told.exit_code, told.stdout) == (code, "told\n")


def test_a_consumer_is_declared_with_what_it_uses_and_listed(gateway, pyat):
    gateway.on("PUT", f"{SCHEMAS}/consumers/billing", {"text": "Nothing it uses has changed."})
    assert pyat("schema", "declare", BASE, "billing", "--uses", "Deals.Sum", "--uses", "Deals.Name").exit_code == 0
    assert gateway.seen[0].body == {"uses": ["Deals.Sum", "Deals.Name"], "version": None}
    one = {"consumer": "billing", "version": 1, "declared_at": "2026-11-25T16:00:00Z", "declared_by": "ada"}
    gateway.on("GET", f"{SCHEMAS}/consumers", {"items": [one]})
    assert pyat("schema", "consumers", BASE).stdout.splitlines()[1].split()[:2] == ["billing", "1"]
