"""The commands that break a running mesh to see what becomes of it: `blast` and `drill`."""

import argparse
from collections.abc import Callable
from pathlib import Path

from .run_dir import RunDirectory

_BLAST = """\
Kill (SIGKILL) each app, sidecar and piece of the data tier and control plane in turn, while one user walks each of a
frozen, weighted list of journeys without retrying, and check every answer. The mesh must run, with the simulated
Airtable; the launcher restarts what was killed. Takes about 8 s a kill. `make blast` uses its own mesh."""
_DRILL = """\
Put one fault at a time (processes and sidecars killed, frozen or starved; the simulated Airtable's faults; mistakes of
clients; none at all), make the request of a user, ask GET /api/v1/why as anybody would, and take the fault away again,
also at Ctrl-C. Every second fault is put under traffic, every fifth while analytics-service is frozen. The mesh must
run, with the simulated Airtable. `make drill` uses its own mesh."""


def add(command: Callable[[str, str, str], argparse.ArgumentParser]) -> None:
    """Add both to the parser; `command` makes one from its name, a summary and a description."""
    blast = command("blast", "kill each component in turn under load; tells which journeys of users failed", _BLAST)
    blast.add_argument("components", nargs="*", metavar="NAME", help="only these, as `status` names them")
    blast.add_argument("--times", type=int, default=2, metavar="N", help="kills of each (2)")
    blast.add_argument("--into", type=Path, metavar="DIR", help="write blast-radius.csv, .md and .svg there")

    drill = command("drill", "break one thing after the other and count how often `why` names it", _DRILL)
    drill.add_argument("--family", action="append", default=[], metavar="NAME", help="only this family; repeatable")
    drill.add_argument("--seed", type=int, default=1, metavar="N", help="order, and which run under traffic (1)")
    drill.add_argument("--most", type=int, metavar="N", help="only the first N")
    drill.add_argument("--json", action="store_true", help="the numbers as JSON")
    drill.add_argument("--play", action="store_true", help="you are the detective; the truth is told after your answer")
    told = "the story of a slow app instead: it goes well for so long (6), then not, and what `why` says is done"
    drill.add_argument("--slow", type=float, nargs="?", const=6, metavar="MINUTES", help=told)
    drill.add_argument("--into", type=Path, metavar="DIR", help="write fault-drill.csv and .md there")


def run(directory: RunDirectory, chosen: argparse.Namespace) -> int:
    if chosen.command == "blast":
        from .blast.command import blast

        return blast(directory, chosen.components, chosen.times, chosen.into)
    if chosen.slow is not None:
        from .drill.slow import slow

        return slow(directory, chosen.slow)
    from .drill.command import Chosen, drill

    return drill(directory, Chosen(chosen.family, chosen.seed, chosen.most, chosen.json, chosen.play, chosen.into))
