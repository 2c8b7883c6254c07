"""Rules on the code: what may be imported, what every unsafe route declares, what every error code has."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from tests.house.rules.source import app_folders, modules, tracked

UNSAFE = {"post", "put", "patch", "delete"}
SLOW_MODULES = {"httpx": "seven times the CPU of aiohttp per hop", "requests": "it blocks the loop"}
SLOW_NAMES = {
    "BaseHTTPMiddleware": "it buffers streams and costs a task per request",
    "jsonable_encoder": "hot paths return bytes from orjson",
}
CODE = re.compile(r"[a-z][a-z-]*\.[a-z][a-z-]*")
PAGES = "apps/api_gateway/problems.yaml"
PURE_FROM_CHASSIS = {"AppError", "FieldError", "Principal"}


def no_forbidden_import(root: Path) -> list[str]:
    problems = []
    for path, tree in modules(root / "apps", root / "chassis"):
        if path.is_relative_to(root / "chassis" / "testing") or path.name == "testing.py":
            continue
        for name in imported(tree):
            parts = name.split(".")
            why = SLOW_MODULES.get(parts[0]) or SLOW_NAMES.get(parts[-1])
            if why:
                problems.append(f"{path.relative_to(root)} imports {name}: {why}")
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
    """Every code that a class of chassis or apps declares, with the file that says it."""
    found = {}
    for path, tree in modules(root / "chassis", root / "apps"):
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                for code in class_codes(node):
                    found[code] = path
    return found


def class_codes(node: ast.ClassDef) -> Iterator[str]:
    """From `code = "a.b"` and from `code, status, title, fault = "a.b", 400, …`."""
    for statement in node.body:
        for target, value in assigned(statement):
            named_code = isinstance(target, ast.Name) and target.id == "code"
            if named_code and isinstance(value, ast.Constant) and CODE.fullmatch(str(value.value)):
                yield str(value.value)


def assigned(statement: ast.stmt) -> Iterator[tuple[ast.expr, ast.expr | None]]:
    if isinstance(statement, ast.AnnAssign):
        yield statement.target, statement.value
    if isinstance(statement, ast.Assign):
        for target in statement.targets:
            if isinstance(target, ast.Tuple) and isinstance(statement.value, ast.Tuple):
                yield from zip(target.elts, statement.value.elts, strict=False)
            else:
                yield target, statement.value


def every_error_code_has_a_page(root: Path) -> list[str]:
    """Both ways: a code without a page leaves a client alone, a page without a code describes what cannot happen."""
    pages = {page["code"] for page in yaml.safe_load((root / PAGES).read_text("utf-8"))}
    codes = error_codes(root)
    return [
        *(f"{code} ({codes[code].relative_to(root)}) has no page in {PAGES}" for code in sorted(codes.keys() - pages)),
        *(f"{code} has a page in {PAGES} and no class that declares it" for code in sorted(pages - codes.keys())),
    ]


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
