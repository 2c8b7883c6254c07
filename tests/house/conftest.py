"""The real tree, and a small made-up one that keeps every rule until a test plants a violation in it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

FILES = {
    "dapr.yaml": """\
version: 1
apps:
  - appID: note-service
    appDirPath: .
    appPort: 8090
    daprHTTPPort: 13590
    daprGRPCPort: 13690
    daprInternalGRPCPort: 13790
    metricsPort: 13890
""",
    "README.md": (
        "<!-- services -->\n| domain | service |\n|---|---|\n| work | `note-service` |\n<!-- /services -->\n"
    ),
    "CODEOWNERS": "/apps/note_service/ @platform\n",
    "config/dapr/note-service.yaml": "kind: Configuration\n",
    "k8s/base/apps/note-service.yaml": "kind: Deployment\n",
    "apps/__init__.py": "",
    "apps/note_service/__init__.py": (
        '"""Notes.\n\ndomain      work · owner @platform\nowns        notes\nserves      POST /notes\n'
        'calls       -\nSLO         99 %\n"""\n'
    ),
    "apps/note_service/app.py": "from apps.note_service import routes\n",
    "apps/note_service/routes.py": (
        "from apps.note_service import service\nfrom chassis import Router\n\nrouter = Router()\n\n\n"
        '@router.post("/notes", audit="note.add")\nasync def add() -> None:\n    service.add()\n'
    ),
    "apps/note_service/service.py": (
        "from apps.note_service import domain\n\n\ndef add() -> None:\n    domain.check()\n"
    ),
    "apps/note_service/domain.py": (
        "from chassis import AppError\n\n\nclass EmptyNote(AppError):\n"
        '    code = "note.empty"\n    status = 422\n\n\ndef check() -> None: ...\n'
    ),
    "chassis/__init__.py": "class AppError(Exception): ...\nclass Router: ...\n",
    "contracts/__init__.py": "",
    "local/__init__.py": "",
    "sandbox/__init__.py": "",
    "cli/__init__.py": "",
    "scaffold/__init__.py": "",
    "tests/note_service/test_domain.py": (
        'def test_an_empty_note_is_refused():\n    assert "note.empty" == "note.empty"\n'
    ),
    "apps/api_gateway/problems.yaml": "- code: note.empty\n",
    "docs/abilities.csv": (
        "service,ability,status,test\n"
        "note-service,notes,done,tests/note_service/test_domain.py::test_an_empty_note_is_refused\n"
        "note-service,search,open,\n"
    ),
    "uv.lock": 'source = { registry = "https://index.example/simple" }\n',
}


@pytest.fixture
def root() -> Path:
    return ROOT


@pytest.fixture
def house(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        write(tmp_path, name, content)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.fixture
def plant(house: Path) -> Callable[..., Path]:
    """`plant(file, text)` adds the text to a file of the made-up tree; `plant(file, old, new)` replaces."""

    def planted(name: str, text: str, new: str | None = None) -> Path:
        path = house / name
        before = path.read_text("utf-8") if path.exists() else ""
        if new is not None:
            assert text in before, f"{name} has no {text!r}"
        write(house, name, before + text if new is None else before.replace(text, new))
        return house

    return planted


def write(root: Path, name: str, content: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")
