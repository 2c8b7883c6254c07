"""Three simpler ways to find a culprit, for comparison: most ERROR lines, deepest error span, longest own time."""

import time
from typing import Any

import httpx

from ..run_dir import RunDirectory

_SPANS_WITHIN = 2.0  # s; spans are sent a moment later
_ERROR = (b'"error"', b"ERROR")


def log_sizes(run: RunDirectory) -> dict[str, int]:
    """Bytes of each log now, by its process's name."""
    return {path.stem: path.stat().st_size for path in run.logs.glob("*.log")}


def most_errors(run: RunDirectory, before: dict[str, int]) -> str:
    """The app that wrote most lines with ERROR since then, its sidecar's counted in; empty when none did."""
    counted: dict[str, int] = {}
    for path in run.logs.glob("*.log"):
        with path.open("rb") as file:
            file.seek(before.get(path.stem, 0))
            errors = sum(any(word in line for word in _ERROR) for line in file)
        app = path.stem.removesuffix(".sidecar")
        counted[app] = counted.get(app, 0) + errors
    worst = max(counted, key=lambda app: counted[app], default="")
    return worst if counted.get(worst) else ""


def of_spans(client: httpx.Client, trace: str) -> dict[str, str]:
    """What the kept spans say by themselves; empty names when none were kept."""
    spans = _spans(client, trace)
    errors = [span for span in spans if span["error"]]
    deepest = max(errors, key=lambda span: span["depth"], default=None)
    longest = max(spans, key=lambda span: span["own_ms"], default=None)
    return {
        "deepest error span": _to_blame(deepest) if deepest else "",
        "longest own time": _to_blame(longest) if longest else "",
    }


def _to_blame(span: dict[str, Any]) -> str:
    """Whoever was called, of a call; else whose span it is."""
    called = span["attributes"].get("peer.service") or span["attributes"].get("server.address")
    return str(called if span["kind"] == "client" and called else span["service"])


def _spans(client: httpx.Client, trace: str) -> list[dict[str, Any]]:
    until = time.monotonic() + _SPANS_WITHIN
    while time.monotonic() < until:
        try:
            answer = client.get(f"/api/v1/traces/{trace}")
        except httpx.HTTPError:
            return []
        if answer.status_code == 200:
            found: list[dict[str, Any]] = answer.json()["parts"]
            return found
        time.sleep(0.1)
    return []
