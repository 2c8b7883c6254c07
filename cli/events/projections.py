"""`pyat events projections`: small tables that follow the log."""

from typing import Annotated

import typer

from cli import output
from cli.events.telling import Cursor, File, Name, ask, define, given, listing, path
from cli.session import Json, gateway

commands = typer.Typer(no_args_is_help=True, help="Small tables that the store keeps up to date from its events.")

DIFFERS = 1  # exit code of check


@commands.command("list")
def list_projections(json: Json = False) -> None:
    """All, with how far they are."""
    listing(path("projections"), ("name", "state", "position", "lag", "keys", "problem"), {}, json)


@commands.command("define")
def define_projection(name: Name, file: File, json: Json = False) -> None:
    """Create one, or define it anew, which makes it again from the log."""
    define(path("projections", name), file, json)


@commands.command()
def rows(name: Name, cursor: Cursor = None, json: Json = False) -> None:
    """Its rows, in order of their keys."""
    listing(path("projections", name, "rows"), ("key", "columns"), given(cursor=cursor), json)


@commands.command()
def pause(name: Name, json: Json = False) -> None:
    """Let it stand still."""
    ask("POST", path("projections", name, "pause"), None, json)


@commands.command()
def resume(name: Name, json: Json = False) -> None:
    """Let it go on from where it stopped."""
    ask("POST", path("projections", name, "resume"), None, json)


@commands.command()
def rebuild(
    name: Name,
    force: Annotated[bool, typer.Option("--force", help="Even though events of its streams were dropped.")] = False,
    json: Json = False,
) -> None:
    """Make it again from the log."""
    ask("POST", path("projections", name, "rebuild") + ("?force=true" if force else ""), None, json)


@commands.command()
def check(name: Name, json: Json = False) -> None:
    """Compare it with what the log says. Exit code 1: they differ."""
    with gateway(json) as there:
        told = there.send("POST", path("projections", name, "check"))
    if json:
        output.as_json(told)
    else:
        output.as_columns(["what", "value"], told.items())
    if not told["equal"]:
        raise typer.Exit(DIFFERS)


@commands.command()
def delete(name: Name, json: Json = False) -> None:
    """With its rows."""
    ask("DELETE", path("projections", name), None, json)
