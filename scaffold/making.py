"""Make an app and take one out: its files, its entries in the lists, and what is generated from both."""

import shutil
import subprocess
import sys
from pathlib import Path

from scaffold import naming, readme, registry, rendering
from scaffold.refused import Refused


def new(root: Path, app_id: str, port: int | None = None) -> int:
    """Write the app and name it everywhere; returns its port. Raises Refused before anything is written."""
    naming.check_name(root, app_id)
    chosen = naming.choose_port(root, port)
    for path, text in rendering.rendered(root, app_id).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    registry.add(root, app_id, chosen)
    generate(root)
    return chosen


def remove(root: Path, app_id: str, *, force: bool = False) -> None:
    """Take the app out. Raises Refused, unless forced, when work would be lost or another app calls it."""
    naming.check_exists(root, app_id)
    package = naming.package(app_id)
    folders = [root / "apps" / package, root / "tests" / package]
    files = [root / "contracts" / f"{package}.py", root / "config" / "dapr" / f"{app_id}.yaml"]
    if not force:
        refuse_to_break_callers(root, app_id)
        refuse_to_lose_work(root, app_id, folders, files[0])
    registry.cut(root, app_id)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    for file in files:
        file.unlink(missing_ok=True)
    generate(root)


def refuse_to_break_callers(root: Path, app_id: str) -> None:
    for path in sorted((root / "apps").rglob("*.py")):
        inside = path.is_relative_to(root / "apps" / naming.package(app_id))
        if not inside and f'app_id="{app_id}"' in path.read_text("utf-8"):
            raise Refused(f"{path.relative_to(root)} calls {app_id}: take the call out first")


def refuse_to_lose_work(root: Path, app_id: str, folders: list[Path], contract: Path) -> None:
    """A file may go when git has it as it is, or when it is what `make new` wrote."""
    template = rendering.rendered(root, app_id)
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()] + [contract]
    for path in files:
        if "__pycache__" in path.parts or not path.exists():
            continue
        relative = path.relative_to(root)
        if template.get(relative) != path.read_text("utf-8", "replace") and not in_git(root, relative):
            raise Refused(
                f"{relative} holds work that git does not have: commit it, or run `python -m scaffold rm --force`"
            )


def in_git(root: Path, path: Path) -> bool:
    """Is the file in the last commit, byte for byte?"""
    run = ["git", "-C", str(root), "status", "--porcelain", "--ignored", "--", str(path)]
    status = subprocess.run(run, capture_output=True, text=True, check=False)
    return status.returncode == 0 and not status.stdout.strip()


def generate(root: Path) -> None:
    """Write what is derived: access rules, contract goldens, the README's table. Raises Refused with what was said."""
    for command in (["local", "configure"], ["contracts"]):
        run = subprocess.run([sys.executable, "-m", *command], cwd=root, capture_output=True, text=True, check=False)
        if run.returncode:
            raise Refused(f"python -m {' '.join(command)} failed:\n{run.stdout}{run.stderr}".rstrip())
    readme.write(root)
