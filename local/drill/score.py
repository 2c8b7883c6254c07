"""How often the verdicts were right: in all, for each family and app, and beside the simpler ways."""

import csv
import io
from collections.abc import Sequence
from statistics import median, quantiles

from .trial import Trial

GUESSES = ("grep ERROR", "deepest error span", "longest own time")

_HEADS = ["family", "app", "busy", "blind", "met", "status", "truth", "said", "said_cause"]
_RIGHTS = ["service", "cause", "path", "mended", "lines", "seconds"]


def right_service(trial: Trial) -> bool:
    return trial.verdict is not None and trial.verdict.service in {trial.fault.service, *trial.fault.also}


def right_cause(trial: Trial) -> bool:
    return trial.verdict is not None and trial.verdict.cause in trial.fault.causes


def right_path(trial: Trial) -> bool:
    """The culprit stands in the path and is not called well; where nobody is guilty, nobody is called failed."""
    if trial.verdict is None:
        return False
    states = dict(trial.verdict.path)
    guilty = trial.fault.service
    if guilty in ("", "client"):
        return bool(guilty) or "failed" not in states.values()
    return any(states.get(name, "ok") != "ok" for name in (guilty, *trial.fault.also))


def summary(trials: Sequence[Trial]) -> dict[str, object]:
    """Shares of 1; `met` are the faults that a user noticed, and only they count as asked."""
    met = [trial for trial in trials if trial.met]
    ill = [trial for trial in met if trial.fault.service]
    fine = [trial for trial in met if not trial.fault.service]
    mendable = [trial for trial in ill if not trial.fault.code and trial.fault.service != "client"]
    verdicts = [trial.verdict for trial in met if trial.verdict]
    took = sorted(verdict.seconds for verdict in verdicts)
    return {
        "faults": len(ill),
        "not noticed by a user": sum(not trial.met for trial in trials),
        "families": len({trial.fault.family for trial in ill}),
        "under traffic": sum(trial.fault.busy for trial in ill),
        "without kept evidence": sum(trial.fault.blind for trial in ill),
        "no verdict": sum(trial.verdict is None for trial in met),
        "service Top@1": _share(right_service(trial) for trial in ill),
        "cause": _share(right_cause(trial) for trial in ill),
        "path": _share(right_path(trial) for trial in ill),
        "next step, not of code": len(mendable),
        "next step restores": _share(trial.mended == "restored" for trial in mendable),
        "next step restores or narrows": _share(trial.mended != "" for trial in mendable),
        "healthy requests": len(fine),
        "false accusations": _share(not right_service(trial) for trial in fine),
        "lines, median": median(verdict.lines for verdict in verdicts) if verdicts else 0,
        "seconds, median": round(median(took), 2) if took else 0,
        "seconds, p95": round(quantiles(took, n=20)[-1], 2) if len(took) > 1 else 0,
        **{
            f"Top@1 of {how}": _share(trial.guesses.get(how) == trial.fault.service for trial in ill) for how in GUESSES
        },
    }


def _share(rights: object) -> float:
    values = [bool(one) for one in rights]  # type: ignore[attr-defined]
    return round(sum(values) / len(values), 3) if values else 0.0


def as_csv(trials: Sequence[Trial]) -> str:
    """One line for each trial; right is 1."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow([*_HEADS, *_RIGHTS, *GUESSES])
    for one in sorted(trials, key=lambda trial: (trial.fault.family, trial.fault.app)):
        fault, said = one.fault, one.verdict
        flags = [int(fault.busy), int(fault.blind), int(one.met), one.status, fault.service or "nobody"]
        told = [said.service or "nobody", said.cause] if said else ["", ""]
        right = [int(right_service(one)), int(right_cause(one)), int(right_path(one)), one.mended]
        cost = [said.lines, f"{said.seconds:.2f}"] if said else ["", ""]
        table.writerow(
            [fault.family, fault.app, *flags, *told, *right, *cost, *(one.guesses.get(g, "") for g in GUESSES)]
        )
    return out.getvalue()


def as_markdown(trials: Sequence[Trial]) -> str:
    """The numbers, then family × app: service right / cause right / met."""
    lines = ["| measured | value |", "|---|---|", *(f"| {name} | {value} |" for name, value in summary(trials).items())]
    apps = sorted({trial.fault.app for trial in trials})
    lines += ["", "| family | " + " | ".join(apps) + " |", "|---" * (len(apps) + 1) + "|"]
    for family in sorted({trial.fault.family for trial in trials}):
        cells = []
        for app in apps:
            some = [t for t in trials if t.met and (t.fault.family, t.fault.app) == (family, app)]
            rights = f"{sum(map(right_service, some))} / {sum(map(right_cause, some))} / {len(some)}"
            cells.append(rights if some else "")
        lines.append(f"| {family} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
