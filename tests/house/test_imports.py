"""The import contracts of pyproject.toml: one is planted, one is broken."""

import subprocess
import sys
from pathlib import Path

import pytest

LINT = Path(sys.executable).with_name("lint-imports")


def lint(root: Path) -> tuple[int, str]:
    run = subprocess.run([LINT, "--no-cache"], cwd=root, capture_output=True, text=True, check=False)
    return run.returncode, run.stdout + run.stderr


def test_the_code_keeps_every_import_contract(root):
    code, said = lint(root)
    assert code == 0, said


def test_a_tree_that_keeps_the_contracts_is_not_accused(house):
    code, said = lint(house)
    assert code == 0, said


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("chassis/_x.py", "import contracts", "apps stand on contracts and chassis"),
        ("contracts/x.py", "import apps.note_service", "apps stand on contracts and chassis"),
        ("apps/other_service/app.py", "from apps.note_service import domain", "no app imports another app"),
        ("apps/note_service/store.py", "from apps.note_service import service", "imports point down"),
        ("apps/note_service/routes.py", "from apps.note_service import app", "imports point down"),
        ("apps/note_service/domain.py", "import fastapi", "the domain is pure"),
        ("local/x.py", "import chassis", "launcher, simulators, client and scaffold know nothing"),
        ("cli/x.py", "import sandbox", "launcher, simulators, client and scaffold do not know each other"),
        ("chassis/_x.py", "import local", "the platform's code knows nothing of what runs it"),
    ],
)
def test_an_import_against_a_contract_is_caught(plant, file, line, contract):
    house = plant(file, f"{line}\n")
    (house / file).parent.joinpath("__init__.py").touch()
    code, said = lint(house)
    assert code == 1, said
    assert any(contract in row and "BROKEN" in row for row in said.splitlines()), said
