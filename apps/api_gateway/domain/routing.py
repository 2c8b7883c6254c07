"""Which app serves a path."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

Style = Literal["airtable", "problem"]
Auth = Literal["key", "none"]


@dataclass(frozen=True, slots=True)
class Route:
    """One entry of the route table. `timeout` is in seconds; on a stream it bounds the wait for each part."""

    prefix: str
    app: str
    methods: frozenset[str]
    timeout: float
    max_body: int  # bytes
    style: Style = "problem"
    auth: Auth = "key"
    stream: bool = False
    again: bool = False  # a change whose answer was lost is asked for again until its end is known

    @property
    def allow(self) -> str:
        return ", ".join(sorted(self.methods | {"OPTIONS"}))


class RouteTable:
    """Routes by prefix. The longest prefix wins, and a prefix ends where a path segment ends."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = {route.prefix: route for route in routes}
        self._depth = max((prefix.count("/") for prefix in self._routes), default=0)

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes.values())

    def match(self, path: str) -> Route | None:
        segments = path.split("/", self._depth + 1)[: self._depth + 1]
        while segments:
            route = self._routes.get("/".join(segments))
            if route is not None:
                return route
            segments.pop()
        return None

    @property
    def apps(self) -> tuple[str, ...]:
        """Every routed app once, in the table's order."""
        return tuple(dict.fromkeys(route.app for route in self._routes.values()))

    def suggest(self, path: str, others: Iterable[str] = ()) -> tuple[str, ...]:
        """The prefixes a mistyped path may have meant, the closest first."""
        known = [*self._routes, *others]
        depths = {prefix.count("/") for prefix in known}
        starts = ["/".join(path.split("/")[: depth + 1]) for depth in sorted(depths)]
        close = [match for start in starts for match in get_close_matches(start, known, n=2, cutoff=0.6)]
        return tuple(dict.fromkeys(close))[:3]
