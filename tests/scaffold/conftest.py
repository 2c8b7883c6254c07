"""A copy of this repository that a test may change."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house.rules.source import tracked

ROOT = Path(__file__).parents[2]
NOBODY = {"GIT_AUTHOR_NAME": "n", "GIT_AUTHOR_EMAIL": "n@n", "GIT_COMMITTER_NAME": "n", "GIT_COMMITTER_EMAIL": "n@n"}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Every tracked file, committed, in a checkout of its own."""
    copy = tmp_path / "clone"
    for file in tracked(ROOT):
        target = copy / file.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, target)
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "A copy"]):
        subprocess.run(["git", "-C", str(copy), *command], check=True, env={**os.environ, **NOBODY})
    return copy


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A tree with one app at port 8000, for what only reads dapr.yaml."""
    (tmp_path / "dapr.yaml").write_text("apps:\n  - {appID: api-gateway, appPort: 8000}\n", "utf-8")
    return tmp_path
