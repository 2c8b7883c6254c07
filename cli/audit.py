"""`pyat audit`: search the audit trail, verify it, take a file of it away; who had to do with something."""

import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import audit_search, output
from cli.audit_search import (
    Action,
    Actor,
    Address,
    Outcome,
    Service,
    Since,
    Target,
    Text,
    Until,
    Whose,
    given,
    other,
    who,
)  # fmt: skip
from cli.gateway import Gateway
from cli.session import Json, gateway

commands = typer.Typer(no_args_is_help=True, help="The audit trail: who did what, and the proof of it.")
commands.command()(audit_search.search)
commands.add_typer(audit_search.searches, name="searches")

BROKEN = 1  # exit code of verify
WAIT = 0.5  # s between looks at an export


@commands.command()
def access(
    target: Annotated[str, typer.Argument(help="What it was done to, e.g. record:recXXXXXXXXXXXXXX.")],
    since: Since = None,
    until: Until = None,
    trail: Whose = "own",
    json: Json = False,
) -> None:
    """Who read or changed something, and how often; who came last first."""
    asked = given(target=target, since=since, until=until) | other(trail)
    with gateway(json) as there:
        report = there.get("/api/v1/audit/access", list(asked.items()))
    if json:
        output.as_json(report)
        return
    columns = ["last_at", "times", "action", "outcome", "service"]
    rows = [[*(each[name] for name in columns), who(each["actor"], each)] for each in report["items"]]
    output.as_columns([*columns, "actor"], rows)


@commands.command()
def key(json: Json = False) -> None:
    """The public key of the checkpoints, in one line: keep it where the trail is not."""
    with gateway(json) as there:
        found = there.get("/api/v1/audit/key")
    if json:
        output.as_json(found)
    else:
        typer.echo(found["key"])


@commands.command()
def verify(
    first: Annotated[int, typer.Option("--from", min=0, help="Index of the first entry.")] = 0,
    end: Annotated[int | None, typer.Option("--to", min=0, help="Index after the last entry.")] = None,
    trail: Whose = "own",
    json: Json = False,
) -> None:
    """Check entries against their chain, the signed checkpoints and what was exported of them.

    Exit code 0: all is as it was written; 1: it is not, and the first broken entry is named.
    """
    total = {"entries": 0, "erased": 0, "checkpoints": 0, "exported": 0}
    with gateway(json) as there:
        while True:
            asked = given(to=end) | {"from": first} | other(trail)
            found = there.get("/api/v1/audit/verify", list(asked.items()))
            total = {name: count + (found[name] or 0) for name, count in total.items()}
            if found["next"] is None:
                break
            first = found["next"]
            typer.echo(f"{first} of {found['size']} entries …", err=True)
    if json:
        output.as_json(found | total)
    elif found["ok"]:
        typer.echo(
            f"OK: {total['entries']} entries ({total['erased']} erased) under {total['checkpoints']} checkpoints, "
            f"{total['exported']} of them compared where they were exported to."
        )
    else:
        for each in found["breaks"]:
            typer.echo(f"BROKEN at index {each['index']}: {each['detail']}")
    if not found["ok"]:
        raise typer.Exit(BROKEN)


@commands.command()
def reconcile(since: Since = None, until: Until = None, trail: Whose = "own", json: Json = False) -> None:
    """Compare what the gateway counted with what the trail has, by hour (--trail platform: of every tenant).

    The last day, but for its last five minutes, unless you say otherwise. Exit code 0: there is one entry of each
    request that may have changed something; 1: there is not, and the requests are named.
    """
    hours: list[dict[str, Any]] = []
    with gateway(json) as there:
        while True:
            asked = given(since=since, until=until) | other(trail)
            found = there.get("/api/v1/audit/reconciliation", list(asked.items()))
            hours += found["hours"]
            if found["next"] is None:
                break
            since = found["next"]
            typer.echo(f"up to {since} …", err=True)
    gaps = [(hour, gap) for hour in hours for gap in hour["gaps"]]
    if json:
        output.as_json(found | {"ok": not gaps, "hours": hours})
    else:
        columns = ["tenant", "hour", "counted", "entries", "unanswered", "exempt", "missing", "doubled", "uncounted"]
        output.as_columns(columns, [[hour[name] for name in columns] for hour in hours])
        for hour, gap in gaps:
            said = f"{gap['entries']} entries of {gap['service']} for {gap['counted']} answers"
            typer.echo(f"{gap['kind'].upper()} in {hour['tenant']}: request {gap['request_id']}, {said}")
    if gaps:
        raise typer.Exit(BROKEN)


@commands.command()
def export(
    to: Annotated[Path, typer.Argument(help="The file to write; - is standard output.")],
    format_: Annotated[str, typer.Option("--format", help="csv, ndjson, or bundle for the offline verifier.")] = "csv",
    action: Action = None,
    outcome: Outcome = None,
    actor: Actor = None,
    target: Target = None,
    service: Service = None,
    since: Since = None,
    until: Until = None,
    address: Address = None,
    text: Text = None,
    trail: Whose = "own",
    json: Json = False,
) -> None:
    """Take a file of the trail away: what the filters find, or everything as a bundle.

    A bundle is verified without any server: python cli/verify_trail.py BUNDLE --key KEY.
    """
    asked = given(
        action=action, outcome=outcome, actor=actor, target=target, service=service, since=since, until=until,
        address=address, text=text,
    )  # fmt: skip
    with gateway(json) as there:
        whose = list(other(trail).items())
        begun = there.send("POST", "/api/v1/audit/exports", {"format": format_, "filter": asked}, whose)
        done = _made(there, begun, whose)
        if str(to) == "-":
            _write(there, done, whose, sys.stdout.buffer)
        else:
            with to.open("wb") as file:
                _write(there, done, whose, file)
    if json:
        output.as_json(done)
    elif str(to) != "-":
        typer.echo(f"{done['done']} entries, {done['bytes']} bytes in {to}")


def _made(there: Gateway, export: dict[str, Any], whose: list[tuple[str, Any]]) -> dict[str, Any]:
    """The export once it is done, told on the way."""
    while export["state"] in ("waiting", "working"):
        if export["done"]:
            typer.echo(f"{export['done']} of {export['total']} entries …", err=True)
        time.sleep(WAIT)
        export = there.get(f"/api/v1/audit/exports/{export['id']}", whose)
    if export["state"] == "failed":
        typer.echo(f"The export failed: {export['problem']}", err=True)
        raise typer.Exit(BROKEN)
    return export


def _write(there: Gateway, export: dict[str, Any], whose: list[tuple[str, Any]], file: Any) -> None:
    for part in range(export["parts"]):
        file.write(there.raw(f"/api/v1/audit/exports/{export['id']}/content", [("part", part), *whose]))
