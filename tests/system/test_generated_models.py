"""What schema-service makes of every seeded base, through the mesh, read by the tools that it is made for."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from demo.client import Client
from tests.system.mesh import Mesh, run

PROJECT = Path(__file__).parent / "generated_models"
WRONG = """import type { DealsFields } from "./CRM";
export const deal: DealsFields = { Stage: "Maybe" };
"""


@pytest.mark.timeout(400)
def test_tsc_and_mermaid_take_what_is_generated_for_every_base(mesh: Mesh, tmp_path: Path) -> None:
    client = mesh.client()
    project = tmp_path / "generated_models"
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("node_modules"))
    bases = client.get("/api/v1/bases")["items"]
    for base in bases:
        write(client, base, project)
    run("npm", "ci", "--no-audit", "--no-fund", cwd=project)

    run("npx", "tsc", cwd=project)
    (project / "wrong.ts").write_text(WRONG)
    with pytest.raises(AssertionError, match="Maybe"):
        run("npx", "tsc", cwd=project)

    told = json.loads(run("node", "read.mjs", cwd=project))
    (project / "broken.mmd").write_text("erDiagram\n  Deals {{{\n")
    broken = json.loads(run("node", "read.mjs", cwd=project))["diagrams"]["broken.mmd"]
    assert set(told["diagrams"].values()) == {"er"}
    assert len(told["diagrams"]) == len(bases)
    assert "Parse error" in broken
    sizes = told["tokens"]
    for base in bases:  # a real tokenizer says what schema-service estimates
        assert sizes[f"{base['name']}.slim"] * 10 <= sizes[f"{base['name']}.whole"]


def write(client: Client, base: dict[str, Any], project: Path) -> None:
    """The base's models, and its first records as a program that uses them."""
    schemas = f"/api/v1/schemas/{base['id']}"
    client.send("POST", f"{schemas}/versions")
    tables = client.get(schemas)["tables"]
    name = base["name"]
    (project / f"{name}.ts").write_text(client.get(f"{schemas}/models", format="typescript"))
    (project / f"{name}.mmd").write_text(client.get(f"{schemas}/models", format="mermaid"))
    (project / f"{name}.slim").write_text(client.get(f"{schemas}/slim")["text"])
    (project / f"{name}.whole").write_text(json.dumps(without_nulls(tables), separators=(",", ":"), ensure_ascii=False))
    lines = [f'import type {{ Records }} from "./{name}";']
    filled = 0
    for number, table in enumerate(tables):
        page = client.get(f"/api/v1/bases/{base['id']}/tables/{table['id']}/records", page_size=100)["items"]
        records = [{"id": one["id"], "createdTime": one["created_time"], "fields": one["fields"]} for one in page]
        kind = f"Records[{json.dumps(table['name'])}][]"
        filled += bool(records)
        lines.append(f"export const table{number}: {kind} = {json.dumps(records, ensure_ascii=False)};")
    assert filled >= 2  # the seeded tables; another test of this mesh may have made an empty one
    (project / f"{name} records.ts").write_text("\n".join(lines) + "\n")


def without_nulls(value: Any) -> Any:
    """As Airtable's own answer is: it has no nulls."""
    if isinstance(value, dict):
        return {key: without_nulls(one) for key, one in value.items() if one is not None}
    return [without_nulls(one) for one in value] if isinstance(value, list) else value
