"""`pyat operations` and `pyat undo`: what was written through the platform, and taking it back."""

from typing import Annotated, Any

import typer

from cli import output
from cli.gateway import Gateway, segment
from cli.session import EXIT, Json, gateway

commands = typer.Typer(no_args_is_help=True, help="What was written through the platform.")

Operation = Annotated[str, typer.Argument(help="Id of the operation, or last.")]


@commands.command("list")
def list_operations(
    base: Annotated[str | None, typer.Option(help="Only of this base, app…")] = None,
    table: Annotated[str | None, typer.Option(help="Only of this table, tbl…")] = None,
    actor: Annotated[str | None, typer.Option(help="Only by this user.")] = None,
    state: Annotated[str | None, typer.Option(help="intended, done, partial, failed or unknown.")] = None,
    since: Annotated[str | None, typer.Option(help="Begun at or after, e.g. 2026-11-25T08:00:00Z.")] = None,
    until: Annotated[str | None, typer.Option(help="Begun before.")] = None,
    page_size: Annotated[int, typer.Option(min=1, max=100)] = 20,
    cursor: Annotated[str | None, typer.Option(help="Continue where `next` of the last page pointed.")] = None,
    json: Json = False,
) -> None:
    """Write operations, newest first."""
    asked: dict[str, str | int | None] = {
        "base": base, "table": table, "actor": actor, "state": state, "since": since, "until": until,
        "page_size": page_size, "cursor": cursor,
    }  # fmt: skip
    with gateway(json) as there:
        page = there.get("/api/v1/operations", [(name, value) for name, value in asked.items() if value is not None])
    if json:
        output.as_json(page)
        return
    heads = ["id", "created_at", "action", "state", "records", "actor", "table"]
    output.as_columns(heads, ([item[head] for head in heads] for item in page["items"]))
    if page["next"]:
        typer.echo(f"There is more: --cursor {page['next']}", err=True)


@commands.command()
def show(operation: Operation = "last", json: Json = False) -> None:
    """What an operation did to each record."""
    with gateway(json) as there:
        found = there.get(f"/api/v1/operations/{segment(_id(there, operation))}")
    if json:
        output.as_json(found)
        return
    about = ((name, value) for name, value in found.items() if name != "details")
    output.as_columns(["what", "value"], about)
    heads = ["kind", "record", "state", "before", "after"]
    output.as_columns(heads, ([row[head] for head in heads] for row in found["details"]))


def undo(
    operation: Operation = "last",
    force: Annotated[bool, typer.Option("--force", help="Overwrite what was changed since.")] = False,
    record: Annotated[list[str] | None, typer.Option(help="Only this record; may be repeated.")] = None,
    field: Annotated[list[str] | None, typer.Option(help="Only this field; may be repeated.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before doing it.")] = False,
    json: Json = False,
) -> None:
    """Undo a write: shows what would be done and what cannot come back, asks, and does it. Can itself be undone."""
    asked = {"force": force, "only_records": record or [], "only_fields": field or []}
    with gateway(json) as there:
        path = f"/api/v1/operations/{segment(_id(there, operation))}/revert"
        if dry_run or not yes:
            _print(there.send("POST", path, {**asked, "dry_run": True}), json)
        if dry_run:
            return
        if not yes:
            typer.confirm("Do it?", abort=True, err=True)
        done = there.send("POST", path, asked)
    _print(done, json)
    if not done["complete"]:
        raise typer.Exit(EXIT["partial"])


def _print(told: dict[str, Any], json: bool) -> None:
    if json:
        output.as_json(told)
        return
    typer.echo(told["text"] or "There is nothing to undo.")
    if told["by"]:
        typer.echo(f"To undo this: pyat undo {told['by']}", err=True)


def _id(there: Gateway, operation: str) -> str:
    """The id; of the newest operation for `last`."""
    if operation != "last":
        return operation
    items = there.get("/api/v1/operations", [("page_size", 1)])["items"]
    if not items:
        typer.echo("Nothing was written through the platform yet.", err=True)
        raise typer.Exit(EXIT["client"])
    return str(items[0]["id"])
