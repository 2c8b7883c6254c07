"""Names for the shell's completion; quiet and empty when the platform does not answer at once."""

import re

import typer

from cli import settings
from cli.gateway import Gateway, Problem, Unreachable
from cli.session import base_path
from cli.values import BadValue

PATIENCE = 1.0  # s; a person waits for the tab key no longer


def bases(incomplete: str) -> list[tuple[str, str]]:
    """The bases whose name or id starts so."""
    try:
        found = Gateway(settings.load(), PATIENCE).get("/api/v1/bases")["items"]
    except (settings.NotSetUp, Problem, Unreachable):
        return []
    return _starting(incomplete, found)


def tables(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The tables of the base given before whose name or id starts so."""
    try:
        there = Gateway(settings.load(), PATIENCE)
        found = there.get(f"{base_path(there, context.params['base'])}/tables")["items"]
    except (settings.NotSetUp, Problem, Unreachable, BadValue, KeyError):
        return []
    return _starting(incomplete, found)


def _starting(incomplete: str, found: list[dict[str, str]]) -> list[tuple[str, str]]:
    """(what is typed, what is shown beside it): the name where a shell takes it unquoted, else the id."""
    offered = []
    for item in found:
        plain = re.fullmatch(r"[\w.-]+", item["name"])
        if plain and item["name"].startswith(incomplete):
            offered.append((item["name"], item["id"]))
        elif item["id"].startswith(incomplete):
            offered.append((item["id"], item["name"]))
    return offered
