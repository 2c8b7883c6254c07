"""A program written with unmodified airtable.js, directly against the simulator, with names and with ids."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from sandbox.airtable.embedded import TOKEN

FOLDER = Path(__file__).parent / "airtable_js"
TABLES = {"Contacts": ("Email",), "Companies": (), "Deals": ("Name", "Amount", "Stage", "Company")}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("npm") / "airtable_js"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("node_modules"))
    install = ["npm", "ci", "--no-audit", "--no-fund", "--prefer-offline"]
    subprocess.run(install, cwd=folder, check=True, capture_output=True, timeout=120)
    return folder


@pytest.mark.parametrize("by_id", [False, True], ids=["names", "ids"])
def test_a_program_of_unmodified_airtable_js_runs(client, project, by_id):
    schema = f"/v0/meta/bases/{client.base('CRM').id}/tables"
    files = {"name": "Files", "fields": [{"name": "N", "type": "number", "options": {"precision": 0}}]}
    made = client.send("POST", schema, json=files).json()
    client.send("POST", f"{schema}/{made['id']}/fields", json={"name": "File", "type": "multipleAttachments"})
    known = {name: client.table("CRM", name) for name in [*TABLES, "Files"]}
    keys = {
        "byId": by_id,
        "tables": {name: table.id if by_id else name for name, table in known.items()},
        "fields": {
            field: known[name].field(field).id if by_id else field
            for name, fields in {**TABLES, "Files": ("File",)}.items()
            for field in fields
        },
    }
    base_id = client.base("CRM").id
    command = ["node", "program.js", client.url, TOKEN, base_id, "https://files.example/a.txt", json.dumps(keys)]
    done = subprocess.run(command, cwd=project, check=False, capture_output=True, text=True, timeout=60)
    assert "all of it answered" in done.stdout, done.stderr
