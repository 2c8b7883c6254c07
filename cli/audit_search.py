"""`pyat audit search` and `pyat audit searches`: looking into the trail, and keeping what is looked for by name."""

from typing import Annotated, Any

import typer

from cli import output
from cli.gateway import segment
from cli.session import Json, gateway

searches = typer.Typer(no_args_is_help=True, help="Searches of the trail that are kept by name, for the whole tenant.")

PATH = "/api/v1/audit/searches"

Action = Annotated[str | None, typer.Option(help="record.update, or record.* for all that begin so.")]
Outcome = Annotated[str | None, typer.Option(help="succeeded, denied, failed or unknown.")]
Actor = Annotated[str | None, typer.Option(help="Who did it, or for whom an agent did.")]
Target = Annotated[str | None, typer.Option(help="What it was done to, e.g. record:recXXXXXXXXXXXXXX.")]
Service = Annotated[str | None, typer.Option(help="The service that decided.")]
Request = Annotated[str | None, typer.Option(help="A request id.")]
Trace = Annotated[str | None, typer.Option(help="A trace id.")]
Since = Annotated[str | None, typer.Option(help="Occurred at or after, e.g. 2026-11-25T08:00:00Z.")]
Until = Annotated[str | None, typer.Option(help="Occurred before.")]
Whose = Annotated[str, typer.Option("--trail", help="own, or platform: what was refused to callers nobody knows.")]
Address = Annotated[str | None, typer.Option(help="It was asked from: 192.0.2.7, or 192.0.2.0/24.")]
Text = Annotated[str | None, typer.Option(help="Words, as a web search takes them.")]
Name = Annotated[str, typer.Argument(help="Lower-case letters, digits, '-', '.' and '_'.")]


def search(
    saved: Annotated[str | None, typer.Option(help="A kept search, instead of filters.")] = None,
    action: Action = None,
    outcome: Outcome = None,
    actor: Actor = None,
    target: Target = None,
    service: Service = None,
    request: Request = None,
    trace: Trace = None,
    since: Since = None,
    until: Until = None,
    address: Address = None,
    text: Text = None,
    trail: Whose = "own",
    page_size: Annotated[int, typer.Option(min=1, max=100)] = 20,
    cursor: Annotated[int | None, typer.Option(help="Continue where `next` of the last page pointed.")] = None,
    json: Json = False,
) -> None:
    """Entries, newest first; every filter given must hold."""
    asked = given(
        action=action, outcome=outcome, actor=actor, target=target, service=service, request_id=request,
        trace_id=trace, since=since, until=until, address=address, text=text,
    )  # fmt: skip
    if saved and asked:
        raise typer.BadParameter("A kept search has its filters; give it none.", param_hint="--saved")
    paging = given(page_size=page_size, cursor=cursor) | other(trail)
    with gateway(json) as there:
        path = f"{PATH}/{segment(saved)}/entries" if saved else "/api/v1/audit/entries"
        page = there.get(path, [*asked.items(), *paging.items()])
    if json:
        output.as_json(page)
        return
    output.as_columns(
        ["index", "occurred_at", "action", "outcome", "actor", "service", "targets"], map(row, page["items"])
    )
    if page["next"]:
        typer.echo(f"There is more: --cursor {page['next']}", err=True)


@searches.command("list")
def list_(json: Json = False) -> None:
    """What is kept, by name."""
    with gateway(json) as there:
        found = there.get(PATH)
    if json:
        output.as_json(found)
        return
    output.as_columns(
        ["name", "filter", "set_by"],
        [[each["name"], _told(each["filter"]), each["set_by"]] for each in found["items"]],
    )


@searches.command()
def save(
    name: Name,
    action: Action = None,
    outcome: Outcome = None,
    actor: Actor = None,
    target: Target = None,
    service: Service = None,
    since: Since = None,
    until: Until = None,
    address: Address = None,
    text: Text = None,
    json: Json = False,
) -> None:
    """Keep a search; one of the same name is replaced. `pyat audit search --saved NAME` runs it."""
    asked = given(
        action=action, outcome=outcome, actor=actor, target=target, service=service, since=since, until=until,
        address=address, text=text,
    )  # fmt: skip
    with gateway(json) as there:
        kept = there.send("PUT", f"{PATH}/{segment(name)}", asked)
    if json:
        output.as_json(kept)
    else:
        typer.echo(f"{kept['name']}: {_told(kept['filter'])}")


@searches.command()
def delete(name: Name, json: Json = False) -> None:
    """Keep it no more; the trail stays as it is."""
    with gateway(json) as there:
        there.send("DELETE", f"{PATH}/{segment(name)}")


def _told(filters: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in filters.items() if value is not None) or "everything"


def row(item: dict[str, Any]) -> list[Any]:
    entry = item["entry"]
    if entry is None:
        return [item["index"], "", "(erased)", "", "", "", ""]
    actor = entry["actor"]
    named = who(actor["id"], actor)
    targets = " ".join(f"{target['type']}:{target['id']}" for target in entry.get("targets", []))
    return [item["index"], entry["occurred_at"], entry["action"], entry["outcome"], named, entry["service"], targets]


def who(actor: str, said: dict[str, Any]) -> str:
    return f"{actor} for {said['acting_for']}" if said.get("acting_for") else actor


def given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def other(trail: str) -> dict[str, str]:
    return {} if trail == "own" else {"trail": trail}
