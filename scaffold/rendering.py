"""The example app under another name, formatted as `make check` wants it."""

import subprocess
import sys
from pathlib import Path

from scaffold import naming

TEMPLATE = Path(__file__).parent / "template"


def rendered(root: Path, app_id: str) -> dict[Path, str]:
    """Every file of the new app: path below the root → text."""
    package = naming.package(app_id)
    targets = {"app": f"apps/{package}", "tests": f"tests/{package}", "contract": "contracts"}
    return {
        Path(targets[folder]) / spelled(source.relative_to(TEMPLATE / folder).as_posix(), app_id): formatted(
            root, spelled(source.read_text("utf-8"), app_id)
        )
        for folder in targets
        for source in sorted((TEMPLATE / folder).rglob("*.py"))
    }


def spelled(text: str, app_id: str) -> str:
    """The example's three spellings of its name, and its word, replaced by the app's."""
    package = naming.package(app_id)
    for old, new in (
        ("example-service", app_id),
        ("example_service", package),
        ("EXAMPLE_SERVICE", package.upper()),
        ("example", naming.word(app_id)),
    ):
        text = text.replace(old, new)
    return text


def formatted(root: Path, text: str) -> str:
    """Imports sorted and lines broken as the new name asks for."""
    ruff = [sys.executable, "-m", "ruff"]
    for step in (["check", "--fix", "--quiet", "--select", "I"], ["format", "--quiet"]):
        command = [*ruff, *step, "--stdin-filename", str(root / "apps/x.py"), "-"]
        text = subprocess.run(command, input=text, text=True, capture_output=True, check=True, cwd=root).stdout
    return text
