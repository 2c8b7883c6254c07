"""`python -m local drill`."""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from ..blast.ground import Ground, addresses, connect, prepare
from ..blast.journeys import JOURNEYS
from ..blast.load import Load
from ..errors import SetupError
from ..run_dir import Record, RunDirectory
from . import score
from .every import every
from .faults import ASKED, Fault
from .injecting import Mesh
from .trial import Trial, attempt

_TRAFFIC = JOURNEYS[:6]  # what users do most


@dataclass(frozen=True)
class Chosen:
    """What the person at the terminal chose."""

    families: Sequence[str] = ()
    seed: int = 1
    most: int | None = None
    as_json: bool = False
    play: bool = False
    into: Path | None = None


def drill(run: RunDirectory, chosen: Chosen) -> int:
    """Break, ask, restore, one fault after the other; then the numbers. At Ctrl-C those of the faults so far."""
    faults = _choose(run.running(), chosen)
    mesh = Mesh(run, addresses(run)["SANDBOX_ADMIN_URL"])
    with connect(run) as client:
        ground = prepare(client)
    trials: list[Trial] = []
    try:
        for number, fault in enumerate(faults, 1):
            trial = _one(mesh, ground, fault)
            if chosen.play:
                _play(fault, trial, ground)
            trials.append(trial)
            if not chosen.as_json:
                print(f"{number:3} of {len(faults)}  {_line(trial)}", flush=True)
    except KeyboardInterrupt:
        print("stopped; everything is as before")
    finally:
        _tell(trials, chosen)
    return 0


def _choose(record: Record, chosen: Chosen) -> list[Fault]:
    apps = record.app_ids
    if strangers := sorted(set(apps) - set(ASKED)):
        raise SetupError(f"the drill has no faults for {', '.join(strangers)}: add a request to local/drill/faults.py")
    known = sorted({fault.family for fault in every(apps, 0)})
    if unknown := sorted(set(chosen.families) - set(known)):
        raise SetupError(f"no such family: {', '.join(unknown)}; there are {', '.join(known)}")
    return every(apps, chosen.seed, chosen.families)[: chosen.most]


def _one(mesh: Mesh, ground: Ground, fault: Fault) -> Trial:
    with ExitStack() as stack:
        if fault.busy:
            stack.enter_context(Load(_TRAFFIC, lambda: connect(mesh.run), ground))
        return attempt(mesh, lambda: connect(mesh.run), ground, fault)


def _line(trial: Trial) -> str:
    fault, said = trial.fault, trial.verdict
    about = f"{fault.family:32} {fault.app:22}"
    if not trial.met:
        return f"{about} a user noticed nothing"
    told = f"{said.service or 'nobody'}, {said.cause}" if said else "no verdict"
    return f"{about} {_marks(trial)}: {told}{', ' + trial.mended if trial.mended else ''}"


def _marks(trial: Trial) -> str:
    if not score.right_service(trial):
        return "WRONG"
    missed = [what for what, right in (("cause", score.right_cause), ("path", score.right_path)) if not right(trial)]
    return f"right but {' and '.join(missed)}" if missed else "right"


def _play(fault: Fault, trial: Trial, ground: Ground) -> None:
    method = "POST" if fault.body else "GET"
    print(f"\n{method} {fault.path(ground)} → {trial.status or 'nothing unusual'} (trace {trial.trace})")
    print("Which service is at fault, if any? Look around as you like, then answer.")
    print(f"  {'Right' if input('> ').strip() == fault.service else 'No'}: {fault.service or 'nobody'}; {fault.family}")


def _tell(trials: Sequence[Trial], chosen: Chosen) -> None:
    if chosen.into and trials:
        chosen.into.mkdir(parents=True, exist_ok=True)
        for ending, write in (("csv", score.as_csv), ("md", score.as_markdown)):
            (chosen.into / f"fault-drill.{ending}").write_text(write(trials), encoding="utf-8")
    numbers = score.summary(trials)
    if chosen.as_json:
        print(json.dumps(numbers, indent=1))
    else:
        print("\n".join(f"{name:32} {value}" for name, value in numbers.items()))
