"""Rules on the code: what may be imported, what every unsafe route declares, what every error code has."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.house.rules.source import app_folders, modules, tracked

UNSAFE = {"post", "put", "patch", "delete"}
FORBIDDEN = {
    "httpx": "seven times the CPU of aiohttp per hop",
    "requests": "it blocks the loop",
    "BaseHTTPMiddleware": "it buffers streams and costs a task per request",
    "jsonable_encoder": "hot paths return bytes from orjson",
}
PURE_FROM_CHASSIS = {"AppError", "FieldError", "Principal"}


def no_forbidden_import(root: Path) -> list[str]:
    problems = []
    for path, tree in modules(root / "apps", root / "chassis"):
        if path.is_relative_to(root / "chassis" / "testing") or path.name == "testing.py":
            continue
        for name in imported(tree):
            reasons = [why for banned, why in FORBIDDEN.items() if banned in name.split(".")]
            problems += [f"{path.relative_to(root)} imports {name}: {why}" for why in reasons]
    return problems


def imported(tree: ast.AST) -> Iterator[str]:
    """Every imported name, dotted."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module or ''}.{alias.name}" for alias in node.names)


def the_domain_is_pure(root: Path) -> list[str]:
    """Import-linter sees packages; this sees names: of the chassis only errors and the Principal."""
    problems = []
    files = [
        path for folder in app_folders(root) for path in (folder / "domain.py", folder / "domain") if path.exists()
    ]
    for file in files:
        for path, tree in modules(file) if file.is_dir() else [(file, ast.parse(file.read_text("utf-8")))]:
            where = path.relative_to(root)
            for node in ast.walk(tree):
                if isinstance(node, ast.AsyncFunctionDef | ast.Await):
                    problems.append(f"{where}:{node.lineno} waits: the domain has no I/O")
            names = [name for name in imported(tree) if name.split(".")[0] == "chassis"]
            problems += [
                f"{where} takes {name} from the chassis, only {', '.join(sorted(PURE_FROM_CHASSIS))} are pure"
                for name in names
                if name.split(".")[-1] not in PURE_FROM_CHASSIS
            ]
    return problems


def unsafe_routes_declare_their_audit_action(root: Path) -> list[str]:
    problems = []
    for path, tree in modules(root / "apps"):
        for route in unsafe_routes(tree):
            said = {keyword.arg: keyword.value for keyword in route.keywords}
            words = [said.get("audit"), said.get("no_audit")]
            if not any(isinstance(word, ast.Constant) and word.value for word in words):
                problems.append(f"{path.relative_to(root)}:{route.lineno} has neither audit= nor no_audit=")
    return problems


def unsafe_routes(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for decorator in node.decorator_list:
            if (
                isinstance(decorator, ast.Call)
                and isinstance(decorator.func, ast.Attribute)
                and decorator.func.attr in UNSAFE
            ):
                yield decorator


def error_codes(root: Path) -> dict[str, Path]:
    """`code = "a.b"` in the body of a class of chassis or apps, with the file that says it."""
    found = {}
    for path, tree in modules(root / "chassis", root / "apps"):
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                for code in class_codes(node):
                    found[code] = path
    return found


def class_codes(node: ast.ClassDef) -> Iterator[str]:
    for statement in node.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        named_code = any(isinstance(target, ast.Name) and target.id == "code" for target in targets)
        value = getattr(statement, "value", None)
        if named_code and isinstance(value, ast.Constant) and re.fullmatch(r"[a-z]+\.[a-z-]+", str(value.value)):
            yield str(value.value)


def every_error_code_is_reached_by_a_test(root: Path) -> list[str]:
    tests = "\n".join(
        path.read_text("utf-8")
        for path in tracked(root)
        if path.is_relative_to(root / "tests") and path.suffix == ".py" and "house" not in path.parts
    )
    return [
        f"{code} ({path.relative_to(root)}) is reached by no test"
        for code, path in sorted(error_codes(root).items())
        if not re.search(rf"""["'/ ]{re.escape(code)}["' ]""", tests)
    ]
