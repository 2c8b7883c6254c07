"""What changed shortly before: told, not accused, for what came before a failure need not have caused it."""

from apps.api_gateway.domain.why.evidence import Evidence, Exchange
from apps.api_gateway.domain.why.verdict import Finding
from contracts.analytics_service import PlatformChange

SHORTLY = 600.0  # seconds
MOST = 2  # lines
WORDS = {
    "started": "{app} started {ago} before",
    "restarted": "{app} restarted {ago} before",
    "version": "{app}'s version changed {ago} before: {detail}",
    "settings": "{app}'s settings changed {ago} before: {detail}",
    "schema": "the schema changed {ago} before: {detail}",
}
TELLING = ("settings", "version", "schema")  # before a start, which only brought them


def before(evidence: Evidence, exchange: Exchange, finding: Finding) -> list[str]:
    """Lines of evidence: changes of whom the finding names, and of a schema where data was wrong; the latest first."""
    found = [
        change
        for change in evidence.changes
        if 0 <= exchange.ended - change.at.timestamp() <= SHORTLY
        and (change.app == finding.service or (change.kind == "schema" and finding.cause == "wrong data"))
    ]
    latest = sorted(found, key=lambda change: (change.kind in TELLING, change.at), reverse=True)
    return [_line(change, exchange) for change in latest[:MOST]]


def _line(change: PlatformChange, exchange: Exchange) -> str:
    seconds = exchange.ended - change.at.timestamp()
    ago = f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
    return WORDS[change.kind].format(app=change.app, ago=ago, detail=change.detail)
