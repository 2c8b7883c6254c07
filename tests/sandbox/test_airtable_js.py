"""A program written with unmodified airtable.js, directly against the simulator."""

import shutil
import subprocess
from pathlib import Path

from sandbox.airtable.embedded import TOKEN

FOLDER = Path(__file__).parent / "airtable_js"


def test_a_program_of_unmodified_airtable_js_runs(client, tmp_path):
    project = tmp_path / "airtable_js"
    shutil.copytree(FOLDER, project, ignore=shutil.ignore_patterns("node_modules"))
    deals = client.table("CRM", "Deals")
    stage = deals.field("Stage").id
    install = ["npm", "ci", "--no-audit", "--no-fund", "--prefer-offline"]
    subprocess.run(install, cwd=project, check=True, capture_output=True, timeout=120)
    command = ["node", "program.js", client.url, TOKEN, deals.base.id, deals.name, deals.id, stage]
    done = subprocess.run(command, cwd=project, check=False, capture_output=True, text=True, timeout=60)
    assert "all of it answered" in done.stdout, done.stderr
