"""What a trace says by itself: where its time went, what failed first, what failed afterwards, who was silent."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TypeVar

from apps.analytics_service.domain import spans
from apps.analytics_service.domain.clocks import clocks
from contracts.analytics_service import Findings, Span, Spent, Stretch

MOST = 5  # failures after the answer; more say nothing new
T = TypeVar("T", spans.Span, Span)  # as it came, or as it is shown
WAITS_FOR = "platform.waits_for"
LAG = "platform.event_loop_lag_ms"
HELD = 0.5  # of a wait: so late was the loop, and not what it waited for


def findings(parts: Sequence[Span]) -> Findings:
    """`parts` as `Trace` has them: each after the one that caused it."""
    if not parts:
        return Findings()
    whole = _Tree(parts)
    asked = whole.until_the_answer()
    blamed = to_blame(asked)
    slowest = _slowest(asked)
    told = {part.id for part in asked}
    silent = (stretch.on for stretch in map(whole.stretch, asked) if stretch.spent == "silence")
    return Findings(
        slowest=whole.stretch(slowest[0]).model_copy(
            update={"own_ms": round(sum(part.own_ms for part in slowest), 3), "times": len(slowest)}
        ),
        blamed=whole.stretch(blamed) if blamed else None,
        path=whole.path(blamed or slowest[0]),
        later=[whole.stretch(part) for part in _given_up([part for part in parts if part.id not in told])[:MOST]],
        silent=sorted({app for app in silent if app}),
        clocks=clocks(parts),
    )


def to_blame(parts: Sequence[T]) -> T | None:
    """The failed span that none of its own parts excuses; the first where there are several."""
    excused = {part.parent for part in parts if part.failed}
    return next((part for part in parts if part.failed and part.id not in excused), None)


def _slowest(asked: Sequence[Span]) -> list[Span]:
    """The spans of one kind that took the most together, the longest of them first."""
    kinds: dict[tuple[str, str], list[Span]] = defaultdict(list)
    for part in asked:
        kinds[part.service, part.name].append(part)
    slowest = max(kinds.values(), key=lambda alike: sum(part.own_ms for part in alike))
    return sorted(slowest, key=lambda part: part.own_ms, reverse=True)


def _given_up(later: Sequence[Span]) -> list[Span]:
    """What failed and was not done again with success, each kind once."""
    ended = {(part.service, part.name): part for part in sorted(later, key=lambda part: part.started)}
    return [part for part in ended.values() if part.failed and part.kind != "client"]


class _Tree:
    def __init__(self, parts: Sequence[Span]) -> None:
        self._parts = parts
        self._by_id = {part.id: part for part in parts}
        self._causes = {part.parent for part in parts}

    def until_the_answer(self) -> list[Span]:
        """What the first span waited for: not what events and jobs made of it."""
        asked: dict[str, Span] = {}
        for part in self._parts:
            if not asked or (part.parent in asked and part.kind not in ("consumer", "producer")):
                asked[part.id] = part
        return list(asked.values())

    def stretch(self, part: Span) -> Stretch:
        spent, on = self._spent(part)
        return Stretch(service=part.service, name=part.name, spent=spent, on=on, own_ms=part.own_ms, error=part.error)

    def path(self, last: Span) -> list[Stretch]:
        """One stretch a service, with all that the spans on the way took of its time."""
        way: list[Stretch] = []
        for part in reversed(list(self._up_from(last))):
            stretch = self.stretch(part)
            if way and way[-1].service == part.service:
                stretch.own_ms = round(stretch.own_ms + way.pop().own_ms, 3)
            way.append(stretch)
        return way

    def _up_from(self, part: Span | None) -> Iterable[Span]:
        while part is not None:
            yield part
            part = self._by_id.get(part.parent or "")

    def _held(self, part: Span) -> str | None:
        """Whose event loop was so late that `part` seems to have waited: its own, or that of who answered it."""
        if part.kind != "client":
            return None
        own = next((each for each in self._up_from(part) if each.kind == "server"), None)
        answering = (each for each in self._parts if each.parent == part.id and each.kind == "server")
        for each in (own, *answering):
            if each and float(each.attributes.get(LAG, 0)) >= HELD * part.own_ms:
                return each.service
        return None

    def _spent(self, part: Span) -> tuple[Spent, str | None]:
        about = part.attributes
        if held := self._held(part):
            return "loop", None if held == part.service else held
        if WAITS_FOR in about:
            return "wait", str(about[WAITS_FOR])
        if "db.system.name" in about:
            return "store", str(about["db.system.name"])
        peer = about.get("peer.service")
        if "server.address" in about:
            return "outside", str(peer or about["server.address"])
        if part.kind == "client" and peer:
            return "mesh" if part.id in self._causes else "silence", str(peer)
        return "own", None
