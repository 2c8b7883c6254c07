"""`pyat schema`: remember a base's schema, and say what became of it."""

from typing import Annotated, Any

import typer

from cli import output
from cli.session import Json, base_path, gateway

commands = typer.Typer(no_args_is_help=True, help="Versions of a base's schema, and what differs between them.")

DIFFERS = 1  # exit code of diff and drift

Base = Annotated[str, typer.Argument(help="Id or name of a base.")]
Every = Annotated[bool, typer.Option("--any", help="End with 1 for any difference, not only for one that breaks.")]


@commands.command()
def take(base: Base, json: Json = False) -> None:
    """Take a snapshot; it is a new version when the schema differs from the last one."""
    with gateway(json) as there:
        taken = there.send("POST", f"{schema_path(there, base)}/versions")
    if json:
        output.as_json(taken)
    else:
        typer.echo(f"{taken['base']} version {taken['version']}, taken {taken['taken_at']}")


@commands.command()
def versions(base: Base, json: Json = False) -> None:
    """The versions there are, the newest first."""
    with gateway(json) as there:
        found = [item for page in there.pages(f"{schema_path(there, base)}/versions", []) for item in page["items"]]
    if json:
        output.as_json(found)
    else:
        heads = ["version", "taken_at", "taken_by"]
        output.as_columns(heads, ([one[head] for head in heads] for one in found))


@commands.command()
def diff(
    base: Base,
    before: Annotated[int, typer.Argument(min=1, help="A version.")],
    after: Annotated[int | None, typer.Argument(min=1, help="Another one; the newest when left out.")] = None,
    every: Every = False,
    json: Json = False,
) -> None:
    """What became of one version in another. Exit code 1: something breaks."""
    asked = [("before", before)] + ([("after", after)] if after else [])
    with gateway(json) as there:
        found = there.get(f"{schema_path(there, base)}/diff", asked)
    _tell(found, every, json)


@commands.command()
def drift(
    base: Base,
    against: Annotated[int | None, typer.Option(min=1, help="A version; the newest when left out.")] = None,
    every: Every = False,
    json: Json = False,
) -> None:
    """What differs in Airtable now from a version, for CI; keeps nothing. Exit code 1: something breaks."""
    with gateway(json) as there:
        found = there.get(f"{schema_path(there, base)}/drift", [("against", against)] if against else [])
    _tell(found, every, json)


def schema_path(there: Any, base: str) -> str:
    return base_path(there, base).replace("/api/v1/bases/", "/api/v1/schemas/")


def _tell(found: dict[str, Any], every: bool, json: bool) -> None:
    if json:
        output.as_json(found)
    else:
        typer.echo(found["text"])
    if found["breaking"] or (every and found["changes"]):
        raise typer.Exit(DIFFERS)
