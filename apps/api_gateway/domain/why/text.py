"""A verdict for a terminal: at most 25 lines, the remedy last."""

from apps.api_gateway.domain.why.verdict import Hop, Verdict

MAX_LINES = 25
MAX_WIDTH = 160
_MARKS = {"ok": "✓", "failed": "✗", "slow": "…", "unknown": "?", "not reached": "-"}


def render(verdict: Verdict) -> str:
    lines = [verdict.summary]
    if verdict.request:
        lines.append(f"  request   {verdict.request}")
    if verdict.failed:
        lines.append(f"  cause     {verdict.cause}" + (f" · {verdict.service}" if verdict.service else ""))
    if verdict.path:
        lines.append("  path      client → " + " → ".join(_hop(hop) for hop in verdict.path))
    lines += _listed("evidence", verdict.evidence)
    lines += _listed("missing", verdict.missing)
    if verdict.trace_id:
        lines.append(f"  trace     {verdict.trace_id} · request {verdict.request_id}")
    remedy = [f"  do        {verdict.remedy.text}", f"            $ {verdict.remedy.command}"]
    kept = lines[: MAX_LINES - len(remedy)] + (remedy if verdict.failed or not verdict.request else [])
    return "\n".join(_cut(line) for line in kept) + "\n"


def _listed(title: str, items: tuple[str, ...]) -> list[str]:
    return [f"  {title if number == 0 else '':<10}{item}" for number, item in enumerate(items)]


def _hop(hop: Hop) -> str:
    took = f" {hop.took:.0f} ms" if hop.took is not None else ""
    return f"{hop.name} {_MARKS[hop.state]}{took}"


def _cut(line: str) -> str:
    line = line.replace("\n", " ")
    return line if len(line) <= MAX_WIDTH else line[: MAX_WIDTH - 1] + "…"
