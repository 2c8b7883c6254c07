"""`pyat schema declare|consumers|consumer`: who relies on a schema, and how it fares."""

from typing import Annotated

import typer

from cli import output
from cli.gateway import segment
from cli.schema import DIFFERS, Base, schema_path
from cli.session import Json, gateway

Called = Annotated[str, typer.Argument(help="Its name: small letters, digits and hyphens.")]


def declare(
    base: Base,
    consumer: Called,
    uses: Annotated[list[str] | None, typer.Option("--uses", help="Table, Table.Field or an id; repeat it.")] = None,
    version: Annotated[int | None, typer.Option(min=1, help="Whose names it uses; the newest when left out.")] = None,
    json: Json = False,
) -> None:
    """Say that a program relies on a version's names, and on what of it."""
    with gateway(json) as there:
        path = f"{schema_path(there, base)}/consumers/{segment(consumer)}"
        told = there.send("PUT", path, {"uses": uses or [], "version": version})
    output.as_json(told) if json else typer.echo(told["text"])


def consumers(base: Base, json: Json = False) -> None:
    """Who was declared."""
    with gateway(json) as there:
        found = there.get(f"{schema_path(there, base)}/consumers")["items"]
    if json:
        output.as_json(found)
        return
    heads = ["consumer", "version", "declared_at", "declared_by"]
    output.as_columns(heads, ([one[head] for head in heads] for one in found))


def consumer(base: Base, consumer: Called, json: Json = False) -> None:
    """What became of what it uses, and what its names are now, for CI. Exit code 1: it is broken."""
    with gateway(json) as there:
        told = there.get(f"{schema_path(there, base)}/consumers/{segment(consumer)}")
    output.as_json(told) if json else typer.echo(told["text"])
    if told["broken"]:
        raise typer.Exit(DIFFERS)


def add_to(commands: typer.Typer) -> None:
    for command in (declare, consumers, consumer):
        commands.command()(command)
