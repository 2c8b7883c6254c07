"""What the commands on events share: filters, listings, one request with one answer."""

import json as encoding
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import output
from cli.gateway import segment
from cli.session import gateway
from cli.values import BadValue

ROOT = "/api/v1/events"

Stream = Annotated[str | None, typer.Option(help="<owner's app-id>/<subject>")]
Category = Annotated[str | None, typer.Option(help="App-id of who tells them.")]
Types = Annotated[list[str] | None, typer.Option("--type", help="Type with its version; may be repeated.")]
Request = Annotated[str | None, typer.Option(help="A request id.")]
Trace = Annotated[str | None, typer.Option(help="A trace id.")]
Since = Annotated[str | None, typer.Option(help="Happened at or after, e.g. 2026-11-25T08:00:00Z.")]
Until = Annotated[str | None, typer.Option(help="Happened before.")]
Name = Annotated[str, typer.Argument(help="Its name.")]
Cursor = Annotated[str | None, typer.Option(help="Continue where `next` of the last page pointed.")]
File = Annotated[Path, typer.Argument(help="The definition as JSON; - is standard input.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before doing it.")]


def given(**asked: Any) -> dict[str, Any]:
    """Without what was left out."""
    return {name: value for name, value in asked.items() if value not in (None, [], "")}


def chosen(
    stream: str | None, category: str | None, types: list[str] | None, request: str | None, trace: str | None,
    since: str | None, until: str | None,
) -> dict[str, Any]:  # fmt: skip
    """Which events, as every route takes them."""
    return given(
        stream=stream, category=category, type=types, correlation_id=request, trace_id=trace, since=since, until=until
    )


def pairs(asked: dict[str, Any]) -> list[tuple[str, Any]]:
    """As a query; a list is a parameter for each of its values."""
    return [(name, each) for name, value in asked.items() for each in (value if isinstance(value, list) else [value])]


def path(*names: str | int) -> str:
    return "/".join((ROOT, *(segment(str(name)) for name in names)))


def listing(where: str, heads: Sequence[str], asked: dict[str, Any], json: bool) -> None:
    """A page: columns of `heads`, or all of it as JSON."""
    with gateway(json) as there:
        page = there.get(where, pairs(asked))
    if json:
        output.as_json(page)
        return
    output.as_columns(heads, ([item[head] for head in heads] for item in page["items"]))
    if page["next"]:
        typer.echo(f"There is more: --cursor {page['next']}", err=True)


def ask(method: str, where: str, body: Any, json: bool) -> Any:
    """One request; its answer, printed as name and value, or as JSON."""
    with gateway(json) as there:
        told = there.get(where) if method == "GET" else there.send(method, where, body)
    if json:
        output.as_json(told)
    elif told:
        output.as_columns(["what", "value"], told.items())
    return told


def read(file: Path) -> Any:
    """The JSON in a file. Raises BadValue."""
    try:
        return encoding.loads(sys.stdin.read() if str(file) == "-" else file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadValue(f"{file} is not JSON that can be read: {error}") from error


def define(where: str, file: Path, json: bool) -> None:
    with gateway(json) as there:
        told = there.send("PUT", where, read(file))
    if json:
        output.as_json(told)
    else:
        output.as_columns(["what", "value"], told.items())


def sure(question: str, yes: bool) -> None:
    if not yes:
        typer.confirm(question, abort=True, err=True)
