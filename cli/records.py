"""`pyat records …`: read and write the records of a table."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli import output, values
from cli.completion import bases, tables
from cli.gateway import segment
from cli.session import Json, finish, gateway, records_path

commands = typer.Typer(no_args_is_help=True, help="Read and write the records of a table.")

Base = Annotated[str, typer.Argument(help="Id or name of the base.", autocompletion=bases)]
Table = Annotated[str, typer.Argument(help="Id or name of the table.", autocompletion=tables)]
Record = Annotated[str, typer.Argument(help="Id of the record, rec…")]
Pairs = Annotated[list[str] | None, typer.Argument(help="Name=text, or Name:=JSON for anything else.")]
Source = Annotated[
    Path | None, typer.Option("--from", metavar="FILE", help="Read records from a JSON file; - is standard input.")
]
Typecast = Annotated[bool, typer.Option(help="Let Airtable convert text to the field's type, and add options.")]


@commands.command("list")
def list_records(
    base: Base,
    table: Table,
    filter: Annotated[str | None, typer.Option(help="Formula, e.g. \"{Status} = 'Done'\".")] = None,
    field: Annotated[list[str] | None, typer.Option(help="Only this field; may be repeated.")] = None,
    sort: Annotated[list[str] | None, typer.Option(help="Field to sort by, -Field for descending; repeatable.")] = None,
    view: Annotated[str | None, typer.Option(help="Id or name of a view.")] = None,
    page_size: Annotated[int, typer.Option(min=1, max=100)] = 100,
    cursor: Annotated[str | None, typer.Option(help="Continue where `next` of the last page pointed.")] = None,
    all: Annotated[bool, typer.Option("--all", help="All pages, not only the first.")] = False,
    json: Json = False,
) -> None:
    """One page of records, or all of them."""
    single = {"filter": filter, "view": view, "page_size": page_size, "cursor": cursor}
    repeated = {"fields": field or [], "sort": sort or []}
    params: list[tuple[str, str | int]] = [(name, value) for name, value in single.items() if value is not None]
    params += [(name, value) for name, chosen in repeated.items() for value in chosen]
    with gateway(json) as there:
        path = records_path(there, base, table)
        items: list[dict[str, Any]] = []
        following: str | None = None
        for page in there.pages(path, params):
            items += page["items"]
            following = page.get("next")
            if not all:
                break
    if json:
        output.as_json({"items": items, "next": following})
        return
    output.records(items)
    if following:
        typer.echo(f"There is more: --all, or --cursor {following}", err=True)


@commands.command()
def get(base: Base, table: Table, record: Record, json: Json = False) -> None:
    """One record, a field a line."""
    with gateway(json) as there:
        found = there.get(f"{records_path(there, base, table)}/{segment(record)}")
    if json:
        output.as_json(found)
        return
    output.as_columns(["field", "value"], [("id", found["id"]), *found["fields"].items()])


@commands.command()
def create(
    base: Base, table: Table, pairs: Pairs = None, source: Source = None, typecast: Typecast = False, json: Json = False
) -> None:
    """Create records; prints their ids."""
    with gateway(json) as there:
        body = {"records": values.records(pairs or [], source), "typecast": typecast}
        made = there.send("POST", records_path(there, base, table), body)
    output.as_json(made) if json else output.ids(made)
    finish(made)


@commands.command()
def update(
    base: Base,
    table: Table,
    record: Record,
    pairs: Pairs = None,
    replace: Annotated[bool, typer.Option("--replace", help="Empty every field that is not given.")] = False,
    typecast: Typecast = False,
    json: Json = False,
) -> None:
    """Change fields of one record."""
    with gateway(json) as there:
        body = {**values.records(pairs or [], None)[0], "typecast": typecast}
        path = f"{records_path(there, base, table)}/{segment(record)}"
        changed = there.send("PUT" if replace else "PATCH", path, body)
    output.as_json(changed) if json else output.ids(changed)


@commands.command()
def upsert(
    base: Base,
    table: Table,
    pairs: Pairs = None,
    merge_on: Annotated[list[str] | None, typer.Option(help="Field that tells records apart; may be repeated.")] = None,
    source: Source = None,
    typecast: Typecast = False,
    json: Json = False,
) -> None:
    """Update the records that agree in the --merge-on fields, create the others."""
    with gateway(json) as there:
        if not merge_on:
            raise values.BadValue("say which field tells records apart: --merge-on Name")
        body = {"records": values.records(pairs or [], source), "merge_on": merge_on, "typecast": typecast}
        done = there.send("POST", f"{records_path(there, base, table)}/upsert", body)
    if json:
        output.as_json(done)
    else:
        rows = [(kind, record) for kind in ("created", "updated") for record in done.get(kind, [])]
        output.as_columns(["what", "id"], rows)
    finish(done)


@commands.command()
def delete(
    base: Base,
    table: Table,
    records: Annotated[list[str], typer.Argument(metavar="RECORD...", help="Ids of the records.")],
    json: Json = False,
) -> None:
    """Delete records, one after the other; prints each id once it is gone."""
    gone = []
    with gateway(json) as there:
        path = records_path(there, base, table)
        for record in records:
            there.send("DELETE", f"{path}/{segment(record)}")
            gone.append(record)
            if not json:
                typer.echo(record)
    if json:
        output.as_json({"deleted": gone})
