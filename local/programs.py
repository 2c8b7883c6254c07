"""Programs that take part in the mesh and are no app of ours: in another language, or another repository."""

import re
from pathlib import Path

import yaml

from .errors import SetupError
from .topics import Topics

_FILE = Path("config") / "programs.yaml"
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def load(root: Path, app_ids: list[str], known: Topics) -> dict[str, list[str]]:
    """Dapr app-id → topics it may hear. Raises SetupError for what is written wrongly, and for a topic nobody has."""
    if not (root / _FILE).is_file():
        return {}
    written = yaml.safe_load((root / _FILE).read_text(encoding="utf-8")) or {}
    topics = set().union(*known.published.values())
    for name, rights in written.items():
        if not _NAME.fullmatch(str(name)) or name in app_ids:
            raise SetupError(f"{_FILE}: {name!r} cannot be a program's name: it is no app-id, or an app has it")
        if (
            not isinstance(rights, dict)
            or rights.keys() != {"subscribes"}
            or not isinstance(rights["subscribes"], list)
        ):
            raise SetupError(f"{_FILE}: {name}: write `subscribes:` and a list of topics")
        if unknown := [topic for topic in rights["subscribes"] if topic not in topics]:
            raise SetupError(f"{_FILE}: {name}: nobody publishes {', '.join(map(str, unknown))}")
    return {name: rights["subscribes"] for name, rights in written.items()}


def configuration_file(root: Path, program: str) -> Path:
    """The Dapr Configuration of its sidecar."""
    return root / "config" / "dapr" / "programs" / f"{program}.yaml"
