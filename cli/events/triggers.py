"""`pyat events triggers`: when an event is so, another is told."""

from typing import Any

import typer

from cli import output
from cli.events.telling import File, Name, ask, define, listing, path
from cli.session import Json, gateway

commands = typer.Typer(no_args_is_help=True, help="When an event is so, another event is told.")


@commands.command("list")
def list_triggers(json: Json = False) -> None:
    """All, with how often they fired and what stopped them."""
    listing(path("triggers"), ("name", "state", "fired", "lag", "problem"), {}, json)


@commands.command("define")
def define_trigger(name: Name, file: File, json: Json = False) -> None:
    """Create one, or define it anew: it is disabled then."""
    define(path("triggers", name), file, json)


@commands.command("test")
def try_out(name: Name, json: Json = False) -> None:
    """What it would have told of everything that happened so far. Tells nothing."""
    fires: list[dict[str, Any]] = []
    looked_at, cursor = 0, 0
    with gateway(json) as there:
        while cursor is not None:
            told = there.send("POST", path("triggers", name, "test"), {"cursor": cursor})
            fires += told["fires"]
            looked_at, cursor = looked_at + told["looked_at"], told["next"]
    if json:
        output.as_json({"looked_at": looked_at, "fires": fires})
        return
    heads = ("position", "event", "type", "stream", "data")
    output.as_columns(heads, ([fire[head] for head in heads] for fire in fires))
    typer.echo(f"It would have fired {len(fires)} times for {looked_at} events.", err=True)


@commands.command()
def enable(name: Name, json: Json = False) -> None:
    """For what comes from now on."""
    ask("POST", path("triggers", name, "enable"), None, json)


@commands.command()
def disable(name: Name, json: Json = False) -> None:
    """Let it rest."""
    ask("POST", path("triggers", name, "disable"), None, json)


@commands.command()
def delete(name: Name, json: Json = False) -> None:
    """What it told stays."""
    ask("DELETE", path("triggers", name), None, json)
