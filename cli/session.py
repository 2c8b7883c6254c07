"""What every command shares: the gateway of this run, its options, its exit codes."""

import contextlib
import re
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from cli import output, settings
from cli.gateway import Gateway, Problem, Unreachable, segment
from cli.values import BadValue

# 2 is typer's own code for a wrong command line.
EXIT = {"usage": 2, "client": 3, "config": 4, "airtable": 5, "llm": 5, "platform": 6, "unreachable": 7, "partial": 8}

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@contextlib.contextmanager
def gateway(as_json: bool = False, at: settings.Settings | None = None) -> Iterator[Gateway]:
    """The gateway that is set up, or `at`; what goes wrong inside is said on standard error and is the exit code."""
    try:
        yield Gateway(at or settings.load())
    except Problem as refused:
        if as_json:
            typer.echo(output.dump(refused.said), err=True)
        else:
            output.problem(refused)
        raise typer.Exit(EXIT.get(str(refused.said.get("fault")), EXIT["platform"])) from refused
    except Unreachable as away:
        _give_up(
            f"{away}\nIs it up? `make status` and `make doctor` tell, where the platform runs.", "unreachable", away
        )
    except settings.NotSetUp as missing:
        _give_up(str(missing), "config", missing)
    except BadValue as wrong:
        _give_up(str(wrong), "usage", wrong)


def finish(written: dict[str, Any]) -> None:
    """End with the code for a partial write when Airtable took only some of the records, and say which."""
    if written.get("complete", True):
        return
    output.unfinished(written["calls"])
    raise typer.Exit(EXIT["partial"])


def _give_up(message: str, code: str, because: Exception) -> None:
    typer.echo(message, err=True)
    raise typer.Exit(EXIT[code]) from because


def base_path(there: Gateway, base: str) -> str:
    """The base's path, by id or by name. Raises BadValue for a name no base has, or two have."""
    if re.fullmatch(r"app[A-Za-z0-9]{14}", base):
        return f"/api/v1/bases/{base}"
    known = there.get("/api/v1/bases")["items"]
    found = [item["id"] for item in known if item["name"].casefold() == base.casefold()]
    if len(found) != 1:
        names = ", ".join(sorted(item["name"] for item in known)) or "none"
        raise BadValue(f"{len(found) or 'no'} bases are called {base!r}; there are: {names}")
    return f"/api/v1/bases/{found[0]}"


def records_path(there: Gateway, base: str, table: str) -> str:
    return f"{base_path(there, base)}/tables/{segment(table)}/records"
