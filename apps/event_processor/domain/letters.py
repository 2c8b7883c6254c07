"""Which dead letters are worth another try by themselves, and when."""

from collections.abc import Sequence

TRIES = 5  # replays by itself
FIRST = 30  # seconds until the first one; each next one waits twice as long

# Problems of the way, not of the event: they pass.
_PASSING = (
    "app.starting",
    "database.",
    "peer.answer-lost",
    "peer.breaker-open",
    "peer.timeout",
    "peer.unavailable",
    "request.timeout",
    "secrets.unavailable",
    "sidecar.unavailable",
    "state.unavailable",
    "the handler took longer than",
    "workflows.unavailable",
)


def passes(problems: Sequence[str]) -> bool:
    """Whether all that was told will pass. Who told nothing was not there to tell, and that passes too."""
    return all(problem.startswith(_PASSING) for problem in problems)


def replays_itself(state: str, replays: int, problems: Sequence[str]) -> bool:
    return state == "open" and replays < TRIES and passes(problems)


def pause(replays: int) -> int:
    """Seconds until the next try by itself, after `replays` of them."""
    return FIRST << min(replays, TRIES)
