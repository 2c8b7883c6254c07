"""`pyat traces`, `pyat trace` and `pyat map`: where the time of requests went, and who calls whom."""

from typing import Annotated, Any

import typer

from cli import output
from cli.gateway import segment
from cli.session import Json, gateway

WIDE = 30  # characters of a bar
Service = Annotated[str | None, typer.Option(help="One that took part.")]
Kept = Annotated[str | None, typer.Option(help="failed, slow or sample.")]
AtLeast = Annotated[float | None, typer.Option("--at-least", help="Milliseconds.")]
Cursor = Annotated[int | None, typer.Option(help="The number the page before ended with.")]
Minutes = Annotated[int, typer.Option(min=1, max=60, help="How long the present is.")]


def traces(
    service: Service = None, kept: Kept = None, at_least: AtLeast = None, cursor: Cursor = None, json: Json = False
) -> None:
    """The traces of the last 24 hours, newest first: what failed, what was slow, and samples of the rest."""
    given = {"service": service, "kept": kept, "at_least_ms": at_least, "cursor": cursor}
    with gateway(json) as there:
        page = there.get("/api/v1/traces", [(name, value) for name, value in given.items() if value is not None])
    if json:
        output.as_json(page)
        return
    output.as_columns(
        ["trace", "started", "ms", "kept", "request", "error"],
        (
            [one["trace_id"], one["started"], f"{one['duration_ms']:.0f}", one["kept"], one["name"], one["error"]]
            for one in page["items"]
        ),
    )
    if page["next"]:
        typer.echo(f"more: pyat traces --cursor {page['next']}")


def trace(id: Annotated[str, typer.Argument(help="A trace id, or last.")] = "last", json: Json = False) -> None:
    """Where the time of a request went: every span after the one that caused it, with what it took itself."""
    with gateway(json) as there:
        if id == "last":
            id = there.get("/api/v1/why/last")["trace_id"]
            if not id:
                typer.echo("Nothing of yours failed or was slow. `pyat traces` lists what is kept.")
                return
        found = there.get(f"/api/v1/traces/{segment(id)}")
    if json:
        output.as_json(found)
        return
    typer.echo(f"{found['trace_id']}: {found['name']}, {found['duration_ms']:.1f} ms, {found['spans']} spans")
    for part in found["parts"]:
        typer.echo(_line(part, found["duration_ms"]))
    if found["missing"]:
        typer.echo(f"{found['missing']} spans that others name as their cause never came.")


def map_(minutes: Minutes = 5, json: Json = False) -> None:
    """Every service with its size and open breakers, who calls whom and how well, and what each journey needs.

    Edges are compared with the hour before, the ill ones first; `undeclared` is a call that the code does not make.
    """
    with gateway(json) as there:
        own = there.get("/readyz")
        services = [{"name": own["app"], "status": "ready", **own}, *there.get("/health")["services"]]
        found = there.get("/api/v1/map", [("minutes", minutes)])
    if json:
        output.as_json({"services": services, **found})
        return
    output.as_columns(["service", "lines", "state", "breakers not closed"], map(_service, services))
    typer.echo()
    output.as_columns(
        ["caller", "callee", "state", "since", "calls", "failed", "mean ms", "p95 ms", "before", ""],
        map(_edge, found["edges"]),
    )
    typer.echo("\nnot seen: " + ", ".join(f"{one['caller']} → {one['callee']}" for one in found["unseen"]) + "\n")
    output.as_columns(
        ["journey", "%", "cannot do without"],
        ([one["name"], one["weight"], ", ".join(one["needs"])] for one in found["journeys"]),
    )


def _service(one: dict[str, Any]) -> list[Any]:
    breakers = ", ".join(f"{callee} {state}" for callee, state in one["breakers"].items())
    return [one["name"], one["lines"], one["status"], breakers]


def _line(part: dict[str, Any], whole: float) -> str:
    bar = "█" * round(WIDE * min(1.0, part["own_ms"] / whole)) if whole else ""
    took = f"{part['duration_ms']:9.1f} ms {part['own_ms']:9.1f} own  {bar:<{WIDE}}"
    error = f"  ✗ {part['error']}" if part["error"] else ""
    return f"{took} {'  ' * part['depth']}{part['service']} {part['name']}{error}".rstrip()


def _edge(one: dict[str, Any]) -> list[Any]:
    now = one["now"]
    numbers = [str(now["calls"]), str(now["failed"]), f"{now['mean_ms']:.1f}", f"{now['p95_ms']:.0f}"]
    strange = "undeclared" if one["declared"] is False else ""
    before = f"{one['before']['mean_ms']:.1f}"
    return [one["caller"], one["callee"], one["state"], one["since"], *numbers, before, strange]
