"""What a person or a program reads: columns or JSON on standard output, problems on standard error."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import typer

from cli.gateway import Problem

WIDEST = 40  # characters of a cell; --json shows everything


def dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def as_json(value: Any) -> None:
    typer.echo(dump(value))


def ids(written: dict[str, Any]) -> None:
    """The ids of the records that were written: one record, or the records of a batch."""
    for record in written.get("records", [written]):
        typer.echo(record["id"])


def unfinished(calls: Iterable[dict[str, Any]]) -> None:
    """The part of a batch that was not written, or may not have been; records count from 1."""
    for call in calls:
        if call["outcome"] != "done":
            span = f"records {call['first'] + 1} to {call['first'] + call['count']}"
            error = call.get("error") or {}
            reason = f": {error['code']}: {error['detail']}" if error else ""
            typer.echo(f"{span}: {call['outcome']}{reason}", err=True)


def as_columns(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    lines = [list(heads), *([cell(value) for value in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    for line in lines:
        typer.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def cell(value: Any) -> str:
    """One line of at most WIDEST characters."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def records(items: Sequence[dict[str, Any]]) -> None:
    """Records as columns: the id, then each field that any of them has."""
    names = list(dict.fromkeys(name for item in items for name in item.get("fields", {})))
    as_columns(["id", *map(cell, names)], ([item["id"], *(item["fields"].get(n) for n in names)] for item in items))


def problem(refused: Problem) -> None:
    """What happened, what to do, whose fault, and the command that tells more."""
    said = refused.said
    rows = [
        ("code", f"{said.get('code')} ({said.get('status')})"),
        ("fault", f"{said.get('fault', 'unknown')}, in {said.get('service', 'unknown')}"),
        ("trace", refused.trace or "none"),
    ]
    if refused.retry_after:
        rows.append(("retry", f"after {refused.retry_after} s"))
    for error in said.get("errors") or []:
        rows.append(("field", f"{error.get('field')} ({error.get('in', 'body')}): {error.get('message')}"))
    if refused.trace:
        rows.append(("more", f"pyat why {refused.trace}"))
    typer.secho(str(said.get("title") or "The request failed"), err=True, bold=True)
    if said.get("detail"):
        typer.echo(f"  {said['detail']}", err=True)
    for name, text in rows:
        typer.echo(f"  {name:<6} {text}", err=True)
