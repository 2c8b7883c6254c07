"""`pyat events subscriptions`: workers share what comes."""

from typing import Annotated

import typer

from cli import output
from cli.events.telling import Category, Cursor, Name, Stream, Types, Yes, ask, chosen, given, listing, path, sure
from cli.session import Json, gateway

commands = typer.Typer(no_args_is_help=True, help="Events that workers share: each goes to one of them.")

Receipts = Annotated[list[str], typer.Argument(help="Receipts of a pull.")]
Positions = Annotated[list[int] | None, typer.Argument(help="Positions of the events; none: all that are parked.")]


@commands.command("list")
def list_subscriptions(json: Json = False) -> None:
    """All, with how far they are."""
    listing(path("subscriptions"), ("name", "position", "lag", "leased", "waiting", "parked"), {}, json)


@commands.command("define")
def define_subscription(
    name: Name,
    stream: Stream = None,
    category: Category = None,
    types: Types = None,
    after: Annotated[int | None, typer.Option(min=0, help="A new one begins beyond it, 0: with everything.")] = None,
    lease: Annotated[int, typer.Option(min=1, max=3_600, help="Seconds until an event goes to another worker.")] = 30,
    max_tries: Annotated[int, typer.Option(min=1, max=1_000, help="Then an event is parked.")] = 10,
    json: Json = False,
) -> None:
    """Create one, or define it anew. A new one begins with what comes from now on, unless --after says otherwise."""
    events = chosen(stream, category, types, None, None, None, None)
    body = {"events": events, "after": after, "lease_seconds": lease, "max_tries": max_tries}
    ask("PUT", path("subscriptions", name), body, json)


@commands.command()
def pull(
    name: Name,
    most: Annotated[int, typer.Option(min=1, max=100)] = 10,
    wait: Annotated[float, typer.Option(min=0, max=25, help="Seconds to wait for a first event.")] = 0,
    json: Json = False,
) -> None:
    """Take events under a lease; say with ack or nack what became of each."""
    with gateway(json) as there:
        told = there.send("POST", path("subscriptions", name, "pull"), {"most": most, "wait": wait})
    if json:
        output.as_json(told)
        return
    heads = ("type", "stream", "id", "data")
    rows = ([each["receipt"], each["attempt"], *(each["event"][head] for head in heads)] for each in told["deliveries"])
    output.as_columns(["receipt", "attempt", *heads], rows)


@commands.command()
def ack(name: Name, receipts: Receipts, json: Json = False) -> None:
    """Say that they are done."""
    ask("POST", path("subscriptions", name, "ack"), {"receipts": receipts}, json)


@commands.command()
def nack(
    name: Name,
    receipts: Receipts,
    park: Annotated[bool, typer.Option("--park", help="Put them aside, whatever tries are left.")] = False,
    after: Annotated[int, typer.Option(min=0, max=86_400, help="Seconds until the next try.")] = 0,
    reason: Annotated[str | None, typer.Option(help="Shown when it is parked.")] = None,
    json: Json = False,
) -> None:
    """Give them back, or park them."""
    body = {"receipts": receipts, "park": park, "after_seconds": after, **given(reason=reason)}
    ask("POST", path("subscriptions", name, "nack"), body, json)


@commands.command()
def parked(name: Name, cursor: Cursor = None, json: Json = False) -> None:
    """What is put aside, with the reason."""
    with gateway(json) as there:
        page = there.get(path("subscriptions", name, "parked"), list(given(cursor=cursor).items()))
    if json:
        output.as_json(page)
        return
    rows = (
        [item["event"]["position"], item["attempt"], item["event"]["type"], item["parked_at"], item["reason"]]
        for item in page["items"]
    )
    output.as_columns(["position", "attempt", "type", "parked_at", "reason"], rows)
    if page["next"]:
        typer.echo(f"There is more: --cursor {page['next']}", err=True)


@commands.command()
def unpark(name: Name, positions: Positions = None, json: Json = False) -> None:
    """Have parked events tried again, from their first try on."""
    ask("POST", path("subscriptions", name, "parked", "replay"), {"positions": positions or []}, json)


@commands.command()
def purge(name: Name, positions: Positions = None, yes: Yes = False, json: Json = False) -> None:
    """Forget parked events. The events themselves stay in the store."""
    sure("Forget them?", yes)
    ask("POST", path("subscriptions", name, "parked", "purge"), {"positions": positions or []}, json)


@commands.command()
def delete(name: Name, json: Json = False) -> None:
    """With what is handed out or parked."""
    ask("DELETE", path("subscriptions", name), None, json)
