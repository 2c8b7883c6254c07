"""The manifests as a cluster would get them, and the programs to render them."""

import copy
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.kubernetes import secrets
from tests.kubernetes import programs

ROOT = Path(__file__).parents[2]
OVERLAYS = ["local-cluster", "production"]


@pytest.fixture(scope="session")
def kustomize() -> Path:
    return programs.obtain(programs.RENDERER) / "kustomize"


@pytest.fixture(scope="session")
def rendered(kustomize: Path) -> dict[str, list[dict[str, Any]]]:
    """overlay → its manifests."""
    return {overlay: render(kustomize, ROOT, overlay) for overlay in OVERLAYS}


@pytest.fixture(params=OVERLAYS)
def manifests(rendered: dict[str, list[dict[str, Any]]], request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    """One overlay's, for a test to spoil."""
    return copy.deepcopy(rendered[request.param])


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The Secrets that `python -m local kubernetes-secrets` makes."""
    folder = tmp_path_factory.mktemp("made") / "kubernetes"
    secrets.make(ROOT, folder, postgresql="postgresql:5432", redis="redis:6379", environment={})
    files = [folder / "secrets.yaml", folder / "servers.yaml"]
    return [each for file in files for each in yaml.safe_load_all(file.read_text("utf-8"))]


def render(kustomize: Path, root: Path, overlay: str) -> list[dict[str, Any]]:
    command = [str(kustomize), "build", str(root / "k8s" / "overlays" / overlay)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return [each for each in yaml.safe_load_all(answer.stdout) if each]
