"""`pyat changes`: what became different, and when."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from cli import output
from cli.session import Json, gateway

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
App = Annotated[str | None, typer.Option(help="Changes of this app alone.")]
Kind = Annotated[str | None, typer.Option(help="started, restarted, version, settings or schema.")]
Since = Annotated[str | None, typer.Option(help="90s, 5m, 2h, 1d ago, or a time in ISO form.")]
Cursor = Annotated[int | None, typer.Option(help="The number the page before ended with.")]


def changes(app: App = None, kind: Kind = None, since: Since = None, cursor: Cursor = None, json: Json = False) -> None:
    """What changed in the last 24 hours, told last first: starts, versions, settings, schemas."""
    given = {"app": app, "kind": kind, "since": moment(since), "cursor": cursor}
    with gateway(json) as there:
        page = there.get("/api/v1/changes", [(name, value) for name, value in given.items() if value is not None])
    if json:
        output.as_json(page)
        return
    for one in page["items"]:
        typer.echo(f"{one['at'][:19]}Z  {one['app']:<20}  {one['kind']:<9}  {one['detail']}")
    if page["next"]:
        typer.echo(f"more: pyat changes --cursor {page['next']}")


def moment(since: str | None) -> str | None:
    """`90s`, `5m`, `2h`, `1d` back from now, or a time, in ISO form."""
    if since is None:
        return None
    if back := re.fullmatch(r"(\d+)([smhd])", since):
        return (datetime.now(UTC) - timedelta(seconds=int(back[1]) * UNITS[back[2]])).isoformat()
    try:
        return datetime.fromisoformat(since).astimezone(UTC).isoformat()
    except ValueError:
        raise typer.BadParameter(f"{since}: write 90s, 5m, 2h, 1d or a time") from None
