"""The logs of this machine's processes: files of JSON lines, which whoever started them bounds."""

import heapq
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from apps.analytics_service.domain import logs
from apps.analytics_service.domain.logs import app_of
from apps.analytics_service.settings import Settings
from chassis import redact
from contracts.analytics_service import LogLine, LogsQuery

MOST = 64 * 2**20  # bytes looked at for one page; then the next one goes on
Found = tuple[int, str, bytes, dict[str, Any]]  # microseconds, process, the line and its fields


class LogFiles:
    """Blocks: to be used in a thread."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.logs

    @property
    def there(self) -> bool:
        return self._folder is not None and self._folder.is_dir()

    def page(self, query: LogsQuery, since: int, skip: int) -> tuple[list[LogLine], int, int, bool]:
        """Lines from `since` (microseconds) on, without the first `skip` of that moment, in the order of time; where
        the next page begins, in the same words; and whether there is more already."""
        until = round(query.until.timestamp() * 1e6) if query.until else None
        found: list[LogLine] = []
        at, same, looked = since, 0, 0
        for now, process, raw, fields in heapq.merge(*self._processes(query, since), key=lambda each: each[:2]):
            if until is not None and now >= until:
                break
            if len(found) == query.page_size or looked > MOST:
                return found, at, same, True
            at, same = (now, same + 1) if now == at else (now, 1)
            looked += len(raw)
            if (now > since or same > skip) and logs.wanted(raw, fields, query):
                found.append(logs.line(process, now, redact(fields)))
        return found, at, max(same, skip) if at == since else same, False

    def _processes(self, query: LogsQuery, since: int) -> Iterator[Iterator[Found]]:
        assert self._folder is not None
        for file in sorted(self._folder.glob("*.log")):
            process = file.name.removesuffix(".log")
            if query.app is None or query.app in (process, app_of(process)):
                yield self._lines(process, file, since, query.trace)

    def _lines(self, process: str, file: Path, since: int, trace: str | None) -> Iterator[Found]:
        """What was put aside first. A line never goes back in time: who wrote it has one clock."""
        needle, last = (trace or "").encode(), 0
        for path in (file.with_name(file.name + ".1"), file):
            try:
                opened = path.open("rb")
            except FileNotFoundError:
                continue
            with opened:
                _seek(opened, since)
                for raw in opened:
                    if not raw.endswith(b"\n"):
                        break  # still being written
                    if needle and needle not in raw:
                        continue
                    fields = logs.parsed(raw)
                    at = logs.moment(fields) if fields else None
                    if fields and at is not None and (last := max(last, at)) >= since:
                        yield last, process, raw, fields


def _seek(file: IO[bytes], since: int) -> None:
    """To the beginning of some line that is not later than the first one of `since`."""
    low, high = 0, file.seek(0, 2)
    while high - low > 65_536:
        middle = (low + high) // 2
        at = _first_time(file, middle)
        low, high = (middle, high) if at is not None and at < since else (low, middle)
    file.seek(low)
    if low:
        file.readline()


def _first_time(file: IO[bytes], offset: int) -> int | None:
    """The time of the first line with one in the next hundred behind `offset`."""
    file.seek(offset)
    file.readline()
    for _ in range(100):
        fields = logs.parsed(file.readline())
        if fields and (at := logs.moment(fields)) is not None:
            return at
    return None
