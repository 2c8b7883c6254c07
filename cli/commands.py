"""`pyat`: the commands and what they are called."""

from typing import Annotated

import typer

from cli import (
    audit,
    changes,
    events,
    logs,
    operations,
    output,
    records,
    schema,
    schema_consumers,
    schema_views,
    settings,
    traces,
)
from cli.gateway import segment
from cli.session import EXIT, Json, base_path, gateway

app = typer.Typer(
    name="pyat",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="PyAirtable Platform from a terminal. It speaks only to the gateway.",
    epilog="Exit codes: 0 done, 2 wrong command line, 3 your request was refused, 4 configuration, 5 Airtable, "
    "6 the platform, 7 no platform there, 8 only a part was written. The address and the key: "
    "PLATFORM_URL and PLATFORM_KEY, else what `pyat login` stored, else .run/client.env in this folder.",
)
app.add_typer(records.commands, name="records")
app.add_typer(operations.commands, name="operations")
app.add_typer(audit.commands, name="audit")
app.add_typer(events.commands, name="events")
app.add_typer(schema.commands, name="schema")
schema_views.add_to(schema.commands)
schema_consumers.add_to(schema.commands)
app.command()(operations.undo)
app.command()(traces.traces)
app.command()(traces.trace)
app.command("map")(traces.map_)
app.command()(changes.changes)
app.command()(logs.logs)


@app.command()
def login(
    url: Annotated[str, typer.Option(prompt="Address of the platform", help="e.g. http://127.0.0.1:8000")],
    key: Annotated[str, typer.Option(prompt="Key (pya_…)", hide_input=True, envvar="PLATFORM_KEY", help="Your key.")],
) -> None:
    """Try an address and a key, and keep them for the next commands."""
    with gateway(at=settings.Settings(url.rstrip("/"), key, "login")) as there:
        there.get("/api/v1/bases")
    try:
        path = settings.store(url, key)
    except (ValueError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT["config"]) from error
    typer.echo(f"Stored in {path}, readable only by you.")


@app.command()
def whoami(json: Json = False) -> None:
    """Which platform this is, and whose Airtable token it uses."""
    with gateway(json) as there:
        me = there.get("/api/v1/whoami")
    if json:
        output.as_json(me)
        return
    output.as_columns(["what", "value"], [("platform", there.url), *me.items()])


@app.command()
def bases(json: Json = False) -> None:
    """The bases you can reach."""
    with gateway(json) as there:
        found = there.get("/api/v1/bases")
    if json:
        output.as_json(found)
        return
    output.as_columns(["id", "name"], ([base["id"], base["name"]] for base in found["items"]))


@app.command()
def tables(base: records.Base, json: Json = False) -> None:
    """The tables of a base."""
    with gateway(json) as there:
        found = there.get(f"{base_path(there, base)}/tables")
    if json:
        output.as_json(found)
        return
    rows = ([table["id"], table["name"], len(table["fields"])] for table in found["items"])
    output.as_columns(["id", "name", "fields"], rows)


@app.command()
def why(
    trace: Annotated[str, typer.Argument(help="A trace id, a request id, or last.")] = "last",
    json: Json = False,
) -> None:
    """What happened to a request: what failed, where, whose fault, and what to do."""
    with gateway(json) as there:
        if json:
            output.as_json(there.get(f"/api/v1/why/{segment(trace)}"))
        else:
            typer.echo(there.text(f"/api/v1/why/{segment(trace)}").rstrip())


@app.command()
def tree(
    id: Annotated[str, typer.Argument(help="An event id, a request id or a trace id.")], json: Json = False
) -> None:
    """What a request led to, across services: events, what they caused, and what failed first."""
    with gateway(json) as there:
        if json:
            output.as_json(there.get(f"/api/v1/events/tree/{segment(id)}"))
        else:
            typer.echo(there.text(f"/api/v1/events/tree/{segment(id)}").rstrip())


def main() -> None:
    app(prog_name="pyat")
