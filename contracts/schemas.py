"""The JSON Schemas of all contracts and the AsyncAPI document of all events, as files a change to which is seen."""

import importlib
import json
import pkgutil
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

import contracts
from contracts import asyncapi, compatibility

RELEASED = Path(__file__).parent / "released"
ASYNCAPI = "asyncapi.json"
FOLDER = Path(__file__).parent / "schemas"
NOT_CONTRACTS = {"__main__", "asyncapi", "compatibility", "listing", "schemas"}


def modules() -> list[str]:
    """Names of the modules that hold contracts: one module or package per owning app."""
    found = pkgutil.iter_modules(contracts.__path__)
    return sorted(info.name for info in found if info.name not in NOT_CONTRACTS)


def schema_of(module_name: str) -> str:
    """One JSON Schema document with a definition per model of the module, as stable text."""
    module = importlib.import_module(f"contracts.{module_name}")
    models = [
        thing
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, BaseModel) and _is_in(module_name, thing)
    ]
    _, schema = models_json_schema(
        [(model, "validation") for model in models], title=module_name, ref_template="#/$defs/{model}"
    )
    return _text(schema)


def expected(folder: Path = FOLDER) -> dict[Path, str]:
    """What should stand in the folder: path → text."""
    wanted = {folder / f"{name}.json": schema_of(name) for name in modules()}
    return {**wanted, folder / ASYNCAPI: _text(asyncapi.document(asyncapi.events(modules())))}


def differences(folder: Path = FOLDER) -> list[str]:
    """One line per golden that is missing, out of date or without a module."""
    wanted = expected(folder)
    found = {path: path.read_text("utf-8") for path in folder.glob("*.json")}
    return [
        f"{path.name}: {'missing' if path not in found else 'no such contract' if path not in wanted else 'differs'}"
        for path in sorted(wanted.keys() | found.keys())
        if wanted.get(path) != found.get(path)
    ]


def write(folder: Path = FOLDER) -> None:
    """Make the folder say what the code says."""
    folder.mkdir(exist_ok=True)
    wanted = expected(folder)
    for path in set(folder.glob("*.json")) - wanted.keys():
        path.unlink()
    for path, text in wanted.items():
        path.write_text(text, "utf-8")


def breaks(folder: Path = FOLDER, released: Path = RELEASED) -> list[str]:
    """One line per change of an event that subscribers to the released ones would notice."""
    if not (released / ASYNCAPI).is_file():
        return []
    before, now = (json.loads((each / ASYNCAPI).read_text("utf-8")) for each in (released, folder))
    return compatibility.breaks(before, now)


def release(folder: Path = FOLDER, released: Path = RELEASED) -> list[str]:
    """Make the goldens what the next change is compared with; what `breaks` says, and then nothing is released."""
    if found := breaks(folder, released):
        return found
    released.mkdir(exist_ok=True)
    (released / ASYNCAPI).write_text((folder / ASYNCAPI).read_text("utf-8"), "utf-8")
    return []


def _is_in(module_name: str, model: type[BaseModel]) -> bool:
    return f"{model.__module__}.".startswith(f"contracts.{module_name}.")


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
