"""`pyat logs`: what the processes wrote, for who runs the platform."""

import json as json_
import time
from contextlib import suppress
from typing import Annotated, Any

import typer

from cli.changes import moment
from cli.session import Json, gateway

PAUSE = 1.0  # seconds between two looks, when following
OWN = "/api/v1/logs"  # the requests of whoever follows would follow him
Trace = Annotated[str | None, typer.Option(help="A trace id or a request id.")]
Tenant = Annotated[str | None, typer.Option()]
App = Annotated[str | None, typer.Option(help="An app, with its replicas and sidecars, or one process.")]
Level = Annotated[str, typer.Option(help="debug, info, warning or error: this one and worse ones.")]
Text = Annotated[str | None, typer.Option(help="Somewhere in the line.")]
Since = Annotated[str, typer.Option(help="90s, 5m, 2h, 1d ago, or a time in ISO form.")]
Until = Annotated[str | None, typer.Option(help="The same.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")]


def logs(
    trace: Trace = None,
    tenant: Tenant = None,
    app: App = None,
    level: Level = "info",
    text: Text = None,
    since: Since = "5m",
    until: Until = None,
    follow: Follow = False,
    json: Json = False,
) -> None:
    """Lines of apps and sidecars, in the order of time. With --json one object a line."""
    given = {"trace": trace, "tenant": tenant, "app": app, "level": level, "text": text, "until": moment(until)}
    asked = [(name, value) for name, value in given.items() if value is not None]
    where = ("since", str(moment(since)))
    with gateway(json) as there, suppress(KeyboardInterrupt):
        while True:
            page = there.get("/api/v1/logs", [*asked, where, ("page_size", 500)])
            for one in page["items"]:
                if one["fields"].get("path") != OWN:
                    typer.echo(json_.dumps(one, ensure_ascii=False) if json else _line(one))
            where = ("cursor", page["next"])
            if not page["more"]:
                if not follow:
                    return
                time.sleep(PAUSE)


def _line(one: dict[str, Any]) -> str:
    about = {"trace": one["trace_id"], "tenant": one["tenant"], **one["fields"]}
    rest = "  ".join(f"{name}={_short(value)}" for name, value in about.items() if value is not None)
    return f"{one['at'][11:23]}  {one['process']:<24}  {one['level'].upper():<7}  {one['event']}  {rest}".rstrip()


def _short(value: Any) -> str:
    return value if isinstance(value, str) and " " not in value else json_.dumps(value, ensure_ascii=False)
