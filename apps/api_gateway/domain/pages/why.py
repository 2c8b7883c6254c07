"""The page that explains one request: the words of `pyat why`, and its spans as a picture."""

from datetime import datetime
from html import escape

from apps.api_gateway.domain.pages.layout import page, table
from apps.api_gateway.domain.why.text import render
from apps.api_gateway.domain.why.verdict import Verdict
from contracts.analytics_service import Span, Trace

MOST = 80  # spans in the picture
WIDTH, ROW, LABELS = 960, 20, 330  # pixels
INDENT = "\u00a0\u00a0"
FINE, FAILED = "#4a90d9", "#d9534f"


def explained(verdict: Verdict, trace: Trace | None) -> str:
    """Readable without JavaScript and without the picture: each bar stands in the table too."""
    parts = trace.parts[:MOST] if trace else []
    more = f"<p>{len(trace.parts) - MOST} more spans are not shown.</p>" if trace and len(trace.parts) > MOST else ""
    body = f"<pre>{escape(render(verdict), quote=False)}</pre>"
    if parts:
        body += f"<h2>Where the time went</h2>{_waterfall(parts)}{more}<h2>Spans</h2>{_spans(parts)}"
    return page(verdict.summary, body)


def _waterfall(parts: list[Span]) -> str:
    begin = min(part.started for part in parts)
    end = max(_after(part, begin) + part.duration_ms for part in parts) or 1.0
    scale = (WIDTH - LABELS) / end
    rows = "".join(_row(part, number, LABELS + _after(part, begin) * scale, scale) for number, part in enumerate(parts))
    return (
        f'<svg viewBox="0 0 {WIDTH} {ROW * len(parts)}" width="100%" role="img" font-size="12" '
        f'font-family="ui-monospace, monospace" fill="currentColor"><title>Spans over time</title>{rows}</svg>'
    )


def _row(part: Span, number: int, x: float, scale: float) -> str:
    y = number * ROW
    label = f"{INDENT * part.depth}{part.service} {part.name}"[:46]
    width = max(1.0, part.duration_ms * scale)
    at = min(x + width + 4, WIDTH - 70)
    return (
        f'<text x="0" y="{y + 14}">{escape(label)}</text>'
        f'<rect x="{x:.1f}" y="{y + 3}" width="{width:.1f}" height="{ROW - 6}" '
        f'fill="{FAILED if part.failed else FINE}"><title>{escape(_told(part))}</title></rect>'
        f'<text x="{at:.1f}" y="{y + 14}">{part.duration_ms:.1f} ms</text>'
    )


def _spans(parts: list[Span]) -> str:
    rows = [
        (
            INDENT * part.depth + escape(part.service),
            escape(part.name),
            f"{part.duration_ms:.1f}",
            f"{part.own_ms:.1f}",
            escape(part.error or ""),
        )
        for part in parts
    ]
    return table(("service", "span", "ms", "of its own", "error"), rows)


def _told(part: Span) -> str:
    return f"{part.service} {part.name}: {part.duration_ms:.1f} ms" + (f", {part.error}" if part.error else "")


def _after(part: Span, begin: datetime) -> float:
    return (part.started - begin).total_seconds() * 1000
