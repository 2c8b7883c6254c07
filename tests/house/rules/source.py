"""Read a tree: its tracked files, its apps, its modules."""

import ast
import io
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

LAYOUT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}
GENERATED = {".venv", ".git", ".run", "__pycache__", "node_modules"}


def tracked(root: Path) -> list[Path]:
    """What git tracks or would track; every file outside generated folders where `root` is not a checkout."""
    if (root / ".git").exists():
        command = ["git", "-C", str(root), "ls-files", "-co", "--exclude-standard", "-z"]
        names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\0")
        return [root / name for name in names if name and (root / name).is_file()]
    return [path for path in root.rglob("*") if path.is_file() and not GENERATED & set(path.parts)]


def text(path: Path) -> str | None:
    """The file's text, or None when it is not text."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return None


def app_folders(root: Path) -> list[Path]:
    return sorted(path.parent for path in (root / "apps").glob("*/__init__.py"))


def modules(*folders: Path) -> Iterator[tuple[Path, ast.Module]]:
    """Each Python file below the folders with its syntax tree."""
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            if not GENERATED & set(path.parts):
                yield path, ast.parse(path.read_text("utf-8"), str(path))


def lines_of_code(path: Path) -> int:
    """Lines that hold code: blank lines, comments and docstrings make it readable, not large."""
    source = path.read_text("utf-8")
    docstrings: set[int] = set()
    for node in ast.walk(ast.parse(source, str(path))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                docstrings.update(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    code: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in LAYOUT:
            code.update(range(token.start[0], token.end[0] + 1))
    return len(code - docstrings)


def lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())
