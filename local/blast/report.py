"""The matrix as CSV, Markdown and a picture."""

import csv
import io
from collections.abc import Sequence
from html import escape

from .journeys import Journey
from .matrix import Row, summary

_SIZE, _LEFT, _TOP = 22, 240, 190  # px
_NONE, _LEAST, _MOST = (233, 238, 243), (250, 200, 120), (190, 30, 45)  # colours: no walk failed … all failed


def as_csv(rows: Sequence[Row], journeys: Sequence[Journey]) -> str:
    """One line for each pair: component, journey, weight, walks, failed, recovery in s (empty: never), main reason."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["component", "journey", "weight", "walks", "failed", "recovery_s", "reason"])
    for row in rows:
        for journey in journeys:
            cell = row.cells[journey.name]
            reason = max(cell.reasons, key=lambda told, of=cell: of.reasons[told], default="")  # type: ignore[misc]
            recovery = "" if cell.recovery is None else f"{cell.recovery:.2f}"
            table.writerow([row.component, journey.name, journey.weight, cell.walks, cell.failed, recovery, reason])
    return out.getvalue()


def as_markdown(rows: Sequence[Row], journeys: Sequence[Journey]) -> str:
    """The summary, then one line for each component, the worst first."""
    lines = [
        summary(rows, journeys),
        "",
        "| killed | journeys that failed, weighted | walks that failed, weighted | all well after | told most often |",
        "|---|---|---|---|---|",
    ]
    for row in sorted(rows, key=lambda row: -row.share(journeys)):
        after = "never" if row.recovery is None else f"{row.recovery:.1f} s"
        told = row.main_reason.replace("|", "/") or "nothing failed"
        lines.append(f"| {row.component} | {row.share(journeys):.0%} | {row.lost(journeys):.1%} | {after} | {told} |")
    return "\n".join(lines) + "\n"


def as_svg(rows: Sequence[Row], journeys: Sequence[Journey]) -> str:
    """A row for each component, a column for each journey; the more walks failed, the redder."""
    width, height = _LEFT + _SIZE * len(journeys) + 90, _TOP + _SIZE * len(rows) + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="12">',
        "<title>Which journeys failed when a component was killed</title>",
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for column, journey in enumerate(journeys):
        x = _LEFT + _SIZE * column + 15
        parts.append(
            f'<text transform="translate({x},{_TOP - 8}) rotate(-60)">{escape(journey.name)} ({journey.weight})</text>'
        )
    for line, row in enumerate(rows):
        y = _TOP + _SIZE * line
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 15}" text-anchor="end">{escape(row.component)}</text>')
        for column, journey in enumerate(journeys):
            cell = row.cells[journey.name]
            told = f"{row.component}, {journey.name}: {cell.failed} of {cell.walks} failed"
            parts.append(
                f'<rect x="{_LEFT + _SIZE * column}" y="{y}" width="{_SIZE - 2}" height="{_SIZE - 2}" '
                f'fill="{_colour(cell.failed, cell.walks)}"><title>{escape(told)}</title></rect>'
            )
        share = f"{row.share(journeys):.0%}"
        parts.append(f'<text x="{_LEFT + _SIZE * len(journeys) + 8}" y="{y + 15}">{share}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _colour(failed: int, walks: int) -> str:
    share = failed / walks if walks else 0
    mixed = [round(least + (most - least) * share) for least, most in zip(_LEAST, _MOST, strict=True)]
    return "rgb({},{},{})".format(*(mixed if failed else _NONE))
