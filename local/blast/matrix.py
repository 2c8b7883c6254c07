"""What the walks say: how many failed of each journey while each component was killed, and for how long."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import mean

from .journeys import Journey
from .load import Walk


@dataclass
class Cell:
    """One journey while one component was killed, over all kills of it. `recovery`: s from the kill to the end of the
    first good walk that followed the last failed one; 0 when none failed, None when none followed."""

    walks: int = 0
    failed: int = 0
    recovery: float | None = 0.0
    reasons: dict[str, int] = field(default_factory=dict)

    def add(self, walks: Sequence[Walk], killed: float) -> None:
        """The walks of one kill, in order, that were under way or began after it (`killed`, monotonic s)."""
        self.walks += len(walks)
        wrong = [walk for walk in walks if walk.wrong is not None]
        if not wrong:
            return
        self.failed += len(wrong)
        for walk in wrong:
            self.reasons[str(walk.wrong)] = self.reasons.get(str(walk.wrong), 0) + 1
        good = [walk.ended for walk in walks if walk.wrong is None and walk.began >= wrong[-1].began]
        if not good:
            self.recovery = None
        elif self.recovery is not None:
            self.recovery = max(self.recovery, good[0] - killed)


@dataclass
class Row:
    """One component."""

    component: str
    cells: dict[str, Cell]

    def share(self, journeys: Iterable[Journey]) -> float:
        """The weight of the journeys of which a walk failed, of 1."""
        return sum(one.weight for one in journeys if self.cells[one.name].failed) / sum(j.weight for j in journeys)

    def lost(self, journeys: Iterable[Journey]) -> float:
        """The weighted share of the walks that failed, of 1."""
        parts = [(one.weight, self.cells[one.name]) for one in journeys]
        return sum(w * c.failed / max(c.walks, 1) for w, c in parts) / sum(w for w, _ in parts)

    @property
    def recovery(self) -> float | None:
        """s until every journey went well again; None when one did not."""
        times = [cell.recovery for cell in self.cells.values()]
        return None if None in times else max(time for time in times if time is not None)

    @property
    def main_reason(self) -> str:
        """What most failed walks were told."""
        told: dict[str, int] = {}
        for cell in self.cells.values():
            for reason, times in cell.reasons.items():
                told[reason] = told.get(reason, 0) + times
        return max(told, key=lambda reason: told[reason], default="")


def tally(row: Row, walks: Iterable[Walk], killed: float, until: float) -> None:
    """Add what was walked between a kill and the moment at which all was well again."""
    for name, cell in row.cells.items():
        during = [one for one in walks if one.journey == name and one.ended >= killed and one.began <= until]
        cell.add(sorted(during, key=lambda one: one.began), killed)


def empty(component: str, journeys: Iterable[Journey]) -> Row:
    return Row(component, {one.name: Cell() for one in journeys})


def summary(rows: Sequence[Row], journeys: Sequence[Journey]) -> str:
    """The mean and the worst in one sentence each."""
    shares = {row.component: row.share(journeys) for row in rows}
    worst = max(shares, key=lambda name: shares[name])
    slowest = max(rows, key=lambda row: float("inf") if row.recovery is None else row.recovery)
    took = "never" if slowest.recovery is None else f"{slowest.recovery:.1f} s"
    return (
        f"Mean: {mean(shares.values()):.0%} of what users do failed at least once when one component was killed. "
        f"Worst: {worst}, {shares[worst]:.0%}. Slowest to recover: {slowest.component}, {took}."
    )
