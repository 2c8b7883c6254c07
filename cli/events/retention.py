"""`pyat events retention`: how long events are kept."""

from typing import Annotated

import typer

from cli.events.telling import Name, Stream, Yes, ask, given, listing, path, sure
from cli.session import Json

commands = typer.Typer(no_args_is_help=True, help="How long events are kept; without a rule, for ever.")

DAY = 86_400  # seconds


@commands.command("list")
def list_retention(json: Json = False) -> None:
    """The rules, with how many events each has dropped."""
    listing(path("retention"), ("name", "rule", "dropped", "updated_at"), {}, json)


@commands.command("set")
def set_retention(
    name: Name,
    stream: Stream = None,
    topic: Annotated[str | None, typer.Option(help="Type without its version.")] = None,
    days: Annotated[float | None, typer.Option(help="Drop what is older.")] = None,
    count: Annotated[int | None, typer.Option(min=0, help="Keep the newest so many.")] = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Drop what is beyond a limit, within a minute and for good; never what somebody has yet to process."""
    sure("What is beyond the limit is gone for good. Do it?", yes)
    age = None if days is None else round(days * DAY)
    rule = given(stream=stream, topic=topic, max_age_seconds=age, max_count=count)
    ask("PUT", path("retention", name), rule, json)


@commands.command()
def delete(name: Name, json: Json = False) -> None:
    """What it dropped stays dropped."""
    ask("DELETE", path("retention", name), None, json)
