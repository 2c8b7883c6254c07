"""Logs: lines of every process, found by what they say."""

import asyncio
from datetime import UTC, datetime, timedelta

from apps.analytics_service.domain.errors import LogsElsewhere
from apps.analytics_service.store import LogFiles
from contracts.analytics_service import LogPage, LogsQuery

BACK = timedelta(minutes=5)


class Logs:
    def __init__(self, files: LogFiles) -> None:
        self._files = files
        self._one = asyncio.Lock()  # a search keeps a core busy: others wait for it

    async def page(self, query: LogsQuery) -> LogPage:
        """In the order of time. Raises LogsElsewhere where this service cannot see the files."""
        if not self._files.there:
            raise LogsElsewhere()
        since = query.since or datetime.now(UTC) - BACK
        at, _, skip = (query.cursor or f"{round(since.timestamp() * 1e6)}.0").partition(".")
        async with self._one:
            found, at_next, same, more = await asyncio.to_thread(self._files.page, query, int(at), int(skip))
        return LogPage(items=found, next=f"{at_next}.{same}", more=more)
