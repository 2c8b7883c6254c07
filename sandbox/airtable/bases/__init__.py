"""The three bases the simulator starts with: the same records, with the same ids, at every start."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from sandbox.airtable.bases import content, crm, projects
from sandbox.airtable.bases.vocabulary import USERS
from sandbox.airtable.seed import read_seed

_RANDOM_SEED = 20260101


def builtin() -> dict[str, Any]:
    """A seed document: the tables from the YAML files here, the records from the modules of the same name."""
    return {"users": USERS, "bases": [_base("crm", crm), _base("projects", projects), _base("content", content)]}


def _base(name: str, module: Any) -> dict[str, Any]:
    path = Path(__file__).with_name(f"{name}.yaml")
    base = read_seed(path.read_bytes(), path.name)
    records = module.records(random.Random(f"{_RANDOM_SEED}/{name}"))
    for table in base["tables"]:
        table["records"] = records[table["name"]]
    return base
