"""`pyat events list | show | follow | append | schemas | replay`: the log itself."""

import json as encoding
import time
from typing import Annotated, Any

import typer

from cli import output, values
from cli.events.telling import (
    ROOT,
    Category,
    Cursor,
    Request,
    Since,
    Stream,
    Trace,
    Types,
    Until,
    ask,
    chosen,
    given,
    listing,
    pairs,
    path,
)  # fmt: skip
from cli.session import Json, gateway

PAUSE = 0.5  # s
HEADS = ("position", "time", "type", "stream", "version", "actor", "id")


def list_events(
    stream: Stream = None,
    category: Category = None,
    types: Types = None,
    request: Request = None,
    trace: Trace = None,
    since: Since = None,
    until: Until = None,
    oldest_first: Annotated[bool, typer.Option("--oldest-first", help="Instead of the newest first.")] = False,
    page_size: Annotated[int, typer.Option(min=1, max=100)] = 20,
    cursor: Cursor = None,
    json: Json = False,
) -> None:
    """Events, the newest first; every filter given must hold."""
    asked = chosen(stream, category, types, request, trace, since, until)
    paging = given(direction="forwards" if oldest_first else "backwards", page_size=page_size, cursor=cursor)
    listing(ROOT, HEADS, asked | paging, json)


def show(id: Annotated[str, typer.Argument(help="An event id.")], json: Json = False) -> None:
    """An event with its data."""
    ask("GET", path(id), None, json)


def follow(
    stream: Stream = None,
    category: Category = None,
    types: Types = None,
    after: Annotated[int, typer.Option(min=0, help="Begin beyond this position; 0 is everything.")] = 0,
    most: Annotated[int | None, typer.Option(min=1, help="End after so many events.")] = None,
    json: Json = False,
) -> None:
    """Events as they come, without an end, a line each; with --json, a JSON object each."""
    asked = pairs(given(stream=stream, category=category, type=types))
    with gateway(json) as there:
        while True:
            for position, event in there.events(ROOT, asked, after):
                after = position
                if event is None:
                    continue
                told = encoding.loads(event)
                typer.echo(event if json else "  ".join(str(told[head]) for head in HEADS))
                most = None if most is None else most - 1
                if most == 0:
                    return
            time.sleep(PAUSE)  # the platform ends a stream after a while, or is being started anew


def append(
    stream: Annotated[str, typer.Argument(help="Name of a stream of your own.")],
    type_: Annotated[str, typer.Argument(metavar="TYPE", help="e.g. order.paid.v1")],
    data: Annotated[list[str] | None, typer.Argument(help="Name=text or Name:=JSON.")] = None,
    expected_version: Annotated[int | None, typer.Option(min=0, help="Refuse when the stream has another.")] = None,
    json: Json = False,
) -> None:
    """Tell an event of your own."""
    with gateway(json) as there:
        event = {"type": type_, "data": values.fields(data or [])}
        body = given(stream=stream, expected_version=expected_version) | {"events": [event]}
        told = there.send("POST", ROOT, body)
    if json:
        output.as_json(told)
    else:
        typer.echo(f"{told['stream']} has version {told['version']}, position {told['positions'][-1]}")


def schemas(
    type_: Annotated[str | None, typer.Argument(metavar="TYPE", help="Show this one's JSON Schema.")] = None,
    json: Json = False,
) -> None:
    """Which types of events there are, and the schema of each."""
    if type_:
        ask("GET", path("schemas", type_), None, json)
    else:
        listing(path("schemas"), ("type", "owner", "about"), {}, json)


def replay(
    consumer: Annotated[str, typer.Argument(help="App-id of who gets them.")],
    stream: Stream = None,
    category: Category = None,
    types: Types = None,
    request: Request = None,
    trace: Trace = None,
    since: Since = None,
    until: Until = None,
    rate: Annotated[float, typer.Option(min=1, max=500, help="Events a second at most.")] = 50,
    cursor: Annotated[int, typer.Option(min=0, help="Go on beyond this position.")] = 0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many it would be.")] = False,
    json: Json = False,
) -> None:
    """Bring stored events to one consumer again; what it has handled within 7 days it does not do twice."""
    events = chosen(stream, category, types, request, trace, since, until)
    total = dict.fromkeys(("done", "again", "refused", "skipped"), 0)
    told: dict[str, Any] = {"next": cursor}
    with gateway(json) as there:
        while told["next"] is not None:
            body = {"consumer": consumer, "events": events, "rate": rate, "dry_run": dry_run, "cursor": told["next"]}
            told = there.send("POST", path("replays"), body)
            total = {name: count + told[name] for name, count in total.items()}
            if told["next"] is not None:
                typer.echo(f"up to position {told['next']}: {total['done']} …", err=True)
    if json:
        output.as_json({"dry_run": dry_run, **total})
    else:
        output.as_columns(["outcome", "events"], total.items())
