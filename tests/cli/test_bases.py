"""`pyat bases`, `tables`, `whoami`, and what the tab key offers."""

import json

import pytest
from typer.testing import CliRunner

from cli import completion
from cli.commands import app
from tests.cli.conftest import BASE

CRM = {"id": BASE, "name": "CRM", "permission_level": "create"}
CONTACTS = {"id": "tblContacts000001", "name": "Contacts", "primary_field_id": "fld1", "fields": [{}, {}], "views": []}


@pytest.fixture(autouse=True)
def _one_base(gateway):
    gateway.on("GET", "/api/v1/bases", {"items": [CRM], "next": None})
    gateway.on("GET", f"/api/v1/bases/{BASE}/tables", {"items": [CONTACTS], "next": None})


def test_bases_are_listed_by_id_and_name(pyat):
    assert pyat("bases").stdout.splitlines()[1] == f"{BASE}  CRM"


def test_with_json_bases_are_what_the_gateway_said(pyat):
    assert json.loads(pyat("bases", "--json").stdout) == {"items": [CRM], "next": None}


def test_tables_are_listed_with_their_number_of_fields(pyat):
    assert pyat("tables", "CRM").stdout.splitlines()[1] == "tblContacts000001  Contacts  2"


def test_whoami_says_which_platform_answered(gateway, pyat):
    gateway.on("GET", "/api/v1/whoami", {"id": "usr1", "scopes": None, "writes_allowed": True})
    assert pyat("whoami").stdout.split()[2:] == [
        "platform",
        gateway.url,
        "id",
        "usr1",
        "scopes",
        "writes_allowed",
        "true",
    ]


def tab(monkeypatch, words: str, position: int) -> list[str]:
    """What bash offers when the tab key is pressed in that word."""
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(position))
    monkeypatch.setenv("_PYAT_COMPLETE", "complete_bash")
    done = CliRunner().invoke(app, [], prog_name="pyat")
    return done.stdout.split()


def test_the_tab_key_offers_names(pyat, monkeypatch):
    assert tab(monkeypatch, "pyat tables C", 2) == ["CRM"]
    assert tab(monkeypatch, "pyat records list CRM C", 4) == ["Contacts"]


def test_the_tab_key_offers_ids_to_who_types_ids(pyat, monkeypatch):
    assert tab(monkeypatch, f"pyat tables {BASE[:5]}", 2) == [BASE]


def test_the_tab_key_offers_the_id_of_what_a_shell_would_split(gateway, pyat, monkeypatch):
    gateway.answers.clear()
    gateway.on("GET", "/api/v1/bases", {"items": [{"id": BASE, "name": "Content calendar"}]})
    assert tab(monkeypatch, "pyat tables ", 2) == [BASE]


def test_the_tab_key_is_quiet_without_a_platform():
    assert completion.bases("cr") == []


def test_a_tree_is_shown_as_the_platform_tells_it(gateway, pyat):
    gateway.on("GET", "/api/v1/events/tree/last%2Fone", "2 events in 1 service\n")
    done = pyat("tree", "last/one")
    assert (done.exit_code, done.stdout) == (0, "2 events in 1 service\n")
    assert gateway.seen[-1].headers["accept"] == "text/plain"


def test_a_tree_is_data_for_a_program(gateway, pyat):
    gateway.on("GET", "/api/v1/events/tree/request-1", {"events": 2})
    assert json.loads(pyat("tree", "request-1", "--json").stdout) == {"events": 2}
