"""Names for the shell's completion; quiet and empty when the platform does not answer at once."""

import typer

from cli import settings
from cli.gateway import Gateway, Problem, Unreachable
from cli.session import base_path
from cli.values import BadValue

PATIENCE = 1.0  # s; a person waits for the tab key no longer


def bases(incomplete: str) -> list[tuple[str, str]]:
    """(id, name) of each base whose id or name starts so."""
    try:
        found = Gateway(settings.load(), PATIENCE).get("/api/v1/bases")["items"]
    except (settings.NotSetUp, Problem, Unreachable):
        return []
    return _starting(incomplete, found)


def tables(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """(id, name) of each table of the base given before."""
    try:
        there = Gateway(settings.load(), PATIENCE)
        found = there.get(f"{base_path(there, context.params['base'])}/tables")["items"]
    except (settings.NotSetUp, Problem, Unreachable, BadValue, KeyError):
        return []
    return _starting(incomplete, found)


def _starting(incomplete: str, found: list[dict[str, str]]) -> list[tuple[str, str]]:
    start = incomplete.casefold()
    return [
        (item["id"], item["name"])
        for item in found
        if item["id"].casefold().startswith(start) or item["name"].casefold().startswith(start)
    ]
