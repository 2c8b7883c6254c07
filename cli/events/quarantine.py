"""`pyat events quarantine`: what came as an event and is none."""

from typing import Annotated

import typer

from cli.events.telling import Cursor, ask, given, listing, path
from cli.session import Json

commands = typer.Typer(no_args_is_help=True, help="What came as an event and is none, with the reason.")

Id = Annotated[int, typer.Argument(help="Id in the quarantine.")]


@commands.command("list")
def list_quarantined(cursor: Cursor = None, json: Json = False) -> None:
    """Newest first."""
    listing(path("quarantine"), ("id", "arrived_at", "topic", "bytes", "reason"), given(cursor=cursor), json)


@commands.command()
def release(id: Id, json: Json = False) -> None:
    """Look at it again: it enters the store when contracts know it by now."""
    ask("POST", path("quarantine", id, "retry"), None, json)


@commands.command()
def purge(id: Id, json: Json = False) -> None:
    """Delete it for good."""
    ask("DELETE", path("quarantine", id), None, json)
