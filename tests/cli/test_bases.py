"""`pyat bases`, `tables`, `whoami`, and what the tab key offers."""

import json

import pytest
import typer

from cli import completion
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


def test_the_tab_key_offers_bases_and_tables_by_id_or_name(pyat):
    assert completion.bases("cr") == [(BASE, "CRM")]
    assert completion.bases("zz") == []
    context = typer.Context(typer.main.get_command(typer.Typer(callback=lambda: None)))
    context.params = {"base": "CRM"}
    assert completion.tables(context, "tblC") == [("tblContacts000001", "Contacts")]


def test_the_tab_key_is_quiet_without_a_platform():
    assert completion.bases("cr") == []
