"""The Dockerfile, carried out without a container engine: its own COPY and RUN lines, in folders instead of layers.

Read is only what this Dockerfile uses. Anything else in it is an error here, so that the two cannot drift apart.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

KNOWN = {"ARG", "CMD", "COPY", "ENV", "FROM", "RUN", "USER", "WORKDIR"}


@dataclass
class Stage:
    """One `FROM` with the instructions below it."""

    name: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def all(self, word: str) -> list[str]:
        return [rest for each, rest in self.instructions if each == word]

    @property
    def environment(self) -> dict[str, str]:
        return dict(pair.split("=", 1) for line in self.all("ENV") for pair in line.split())

    @property
    def command(self) -> list[str]:
        return list(json.loads(self.all("CMD")[-1]))


def stages(text: str) -> dict[str, Stage]:
    """The stages by name; the last, which is the image, is `image`. Raises ValueError for what is not known."""
    found: dict[str, Stage] = {}
    current = Stage("")
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in filter(None, map(str.strip, lines.replace("\\\n", " ").splitlines())):
        word, _, rest = line.partition(" ")
        if word not in KNOWN:
            raise ValueError(f"{word} is not understood here: {line}")
        if word == "FROM":
            current = Stage(rest.partition(" AS ")[2] or "image")
            found[current.name] = current
        else:
            current.instructions.append((word, " ".join(rest.split()) if word != "CMD" else rest))
    return found


def context(root: Path, target: Path, ignore: str) -> None:
    """What the engine would be sent: what .dockerignore leaves of the tree; the last line that matches decides."""
    rules = [line for line in ignore.splitlines() if line and not line.startswith("#")]
    named = [rule[1:] for rule in rules if rule.startswith("!")]
    for name in named:
        for path in [root / name, *(root / name).rglob("*")]:
            inside = path.relative_to(root)
            if path.is_file() and not _ignored(inside, rules):
                (target / inside).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, target / inside)


def _ignored(path: Path, rules: list[str]) -> bool:
    ignored = False
    for rule in rules:
        pattern = rule.removeprefix("!").removeprefix("**/")
        anywhere = rule.removeprefix("!").startswith("**/")
        ends = [
            path.parts[start:end]
            for end in range(1, len(path.parts) + 1)
            for start in (range(end) if anywhere else [0])
        ]
        if any(fnmatch("/".join(part), pattern) for part in ends):
            ignored = not rule.startswith("!")
    return ignored


def run(stage: Stage, sent: Path, folder: Path, app_id: str, environment: dict[str, str] | None = None) -> None:
    """Carry out COPY (from what was `sent`) and RUN of a stage in `folder`. Raises CalledProcessError."""
    for word, rest in stage.instructions:
        if word == "COPY" and not rest.startswith("--from="):
            *sources, target = rest.split()
            for source in sources:
                destination = folder / (target if target != "./" else source)
                if (sent / source).is_dir():
                    shutil.copytree(sent / source, destination, dirs_exist_ok=True)
                else:
                    shutil.copy2(sent / source, destination)
        elif word == "RUN" and not rest.startswith("pip install"):
            path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
            variables = {**os.environ, **(environment or {}), "APP": app_id, "PATH": path}
            subprocess.run(["sh", "-euc", rest], cwd=folder, env=variables, check=True, capture_output=True, text=True)


def copied_between(stage: Stage) -> list[tuple[str, str, str]]:
    """(from stage, path there, path here) of each `COPY --from=`."""
    return [
        (found[1], found[2], found[3])
        for rest in stage.all("COPY")
        if (found := re.fullmatch(r"--from=(\w+) (\S+) (\S+)", rest))
    ]
