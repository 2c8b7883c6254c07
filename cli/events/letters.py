"""`pyat events dead-letters`: what services gave up."""

from typing import Annotated

import typer

from cli import output
from cli.events.telling import Cursor, Yes, ask, given, listing, path, sure
from cli.session import Json, gateway

commands = typer.Typer(no_args_is_help=True, help="Events that a service gave up, with the reasons it told.")

Id = Annotated[int, typer.Argument(help="Id of the dead letter.")]
Chosen = Annotated[int | None, typer.Argument(help="Id of one; left out: all that the filters choose.")]
Consumer = Annotated[str | None, typer.Option(help="App-id of who gave it up.")]
Type = Annotated[str | None, typer.Option("--type", help="Type of the event.")]


@commands.command("list")
def list_letters(
    consumer: Consumer = None,
    type_: Type = None,
    state: Annotated[str | None, typer.Option(help="open or replayed.")] = None,
    cursor: Cursor = None,
    json: Json = False,
) -> None:
    """Dead letters, newest first."""
    heads = ("id", "arrived_at", "consumer", "state", "type", "subject", "replays", "replays_itself")
    listing(path("dead-letters"), heads, given(consumer=consumer, type=type_, state=state, cursor=cursor), json)


@commands.command()
def show(id: Id, json: Json = False) -> None:
    """A dead letter with its reasons, as it came."""
    ask("GET", path("dead-letters", id), None, json)


@commands.command()
def replay(id: Chosen = None, consumer: Consumer = None, type_: Type = None, json: Json = False) -> None:
    """Bring one, or all open ones that the filters choose, to their consumers again."""
    if id is not None:
        ask("POST", path("dead-letters", id, "replay"), None, json)
        return
    letters, left = [], 1
    with gateway(json) as there:
        while left:
            told = there.send("POST", path("dead-letters", "replay"), given(consumer=consumer, type=type_))
            letters += told["letters"]
            stuck = not any(letter["outcome"] == "done" for letter in told["letters"])
            left = 0 if stuck else told["left"]
    if json:
        output.as_json({"letters": letters, "left": told["left"]})
    else:
        output.as_columns(["id", "outcome"], ([letter["id"], letter["outcome"]] for letter in letters))
        typer.echo(f"{told['left']} are still open", err=True)


@commands.command()
def purge(
    id: Chosen = None, consumer: Consumer = None, type_: Type = None, yes: Yes = False, json: Json = False
) -> None:
    """Delete one, or all that the filters choose. The events themselves stay in the store."""
    if id is not None:
        ask("DELETE", path("dead-letters", id), None, json)
        return
    sure("Delete all dead letters that are chosen?", yes)
    ask("POST", path("dead-letters", "purge"), given(consumer=consumer, type=type_), json)
