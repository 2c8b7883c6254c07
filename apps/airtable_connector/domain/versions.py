"""Which kept answers a change makes untrue: its number stands in the keys of what it touched.

Every change of a base has the next number. An answer's key holds the newest number of what the answer shows, so nobody
finds an answer that is older than a change it shows, and all others stay where they are found.
"""

import secrets
import time
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

import orjson
from pydantic import BaseModel, Field

from apps.airtable_connector.domain import requests
from apps.airtable_connector.domain.calls import Call
from apps.airtable_connector.domain.layouts import Layout

MOST = 1_000  # records with a number of their own; one more makes every answer untrue, and begins anew
MOST_ECHOES = 200
Echo = dict[str, str]  # field → digest of its value


class Versions(BaseModel):
    """The numbers of one base. `born` tells them from those of a document that was lost. `heard`: from when until when
    (Unix time) every change that others make is told to us, so that an answer stays true until then."""

    born: str = Field(default_factory=lambda: secrets.token_hex(8))
    last: int = 0
    whole: int = 0  # of the last change of which nobody knows what it touched
    schema_: int = 0
    tables: dict[str, int] = {}
    records: dict[str, int] = {}
    heard: tuple[float, float] = (0.0, 0.0)
    echoes: dict[str, list[Echo]] = {}

    def everything(self, *, schema: bool = False) -> None:
        """A change that may have touched any record, and with `schema` tables and fields too."""
        self.last += 1
        self.whole = self.last
        if schema:
            self.schema_ = self.last
        self.tables, self.records, self.echoes = {}, {}, {}

    def touched(self, table: str, records: Iterable[str]) -> None:
        """A change of these records of a table, which is called by its id."""
        self.last += 1
        self.tables[table] = self.last
        self.records |= dict.fromkeys(records, self.last)
        if len(self.records) > MOST:
            self.everything()

    def of_record(self, record: str) -> int:
        return max(self.whole, self.records.get(record, 0))

    def agrees_on(self, record: str, other: "Versions") -> bool:
        """Whether nothing of the record changed from one to the other."""
        return self.born == other.born and self.of_record(record) == other.of_record(record)

    def place(self, call: Call, layout: Layout | None) -> tuple[str, str]:
        """(number, path) for the key of the call's answer. Without a layout any change of the base counts."""
        if call.of_schema:
            return f"{self.born}.{self.schema_}", call.path
        table, record = requests.table_of(call)
        known = layout.table(table) if layout and table else None
        if layout is None or known is None or len(call.path.split("/")) > 3:
            return f"{self.born}.{self.last}", call.path
        if record and known in layout.alone:
            return f"{self.born}.{self.of_record(record)}", f"{call.base}/{known}/{record}"
        newest = max(self.tables.get(one, 0) for one in layout.groups[known])
        return f"{self.born}.{max(self.whole, newest)}", call.path

    def listens(self, within: float) -> None:
        """Somebody tells of every change from now on, and says so again `within` these seconds."""
        now = time.time()
        since, until = self.heard
        self.heard = (since if now < until else now), now + within

    def heard_since(self, moment: float) -> bool:
        """Whether every change since then was told."""
        since, until = self.heard
        return since <= moment and time.time() < until

    def wrote(self, record: str, cells: Mapping[str, Any]) -> None:
        """What a write of ours left in a record: it comes back as a change that is told."""
        if time.time() < self.heard[1]:
            self.echoes.setdefault(record, []).append({name: _digest(value) for name, value in cells.items()})
            if sum(map(len, self.echoes.values())) > MOST_ECHOES:
                self.echoes.pop(next(iter(self.echoes)))

    def is_echo(self, record: str, cells: Mapping[str, Any] | None, names: Mapping[str, str]) -> bool:
        """Whether a change that is told, by field id, is a write of ours or one before it.

        Changes are told in their order. So as long as a write of ours has not come back, whatever leaves cells as that
        write left them was not after it, and is in every answer that was read since.
        """
        waiting = self.echoes.pop(record, [])
        for number, echo in enumerate(waiting):
            if cells is not None and all(_same(echo, key, names, value) for key, value in cells.items()):
                if waiting[number + 1 :]:
                    self.echoes[record] = waiting[number + 1 :]
                return True
        return False


def _same(echo: Echo, field: str, names: Mapping[str, str], value: Any) -> bool:
    """Airtable leaves empty cells out of its answers."""
    left = echo.get(names[field]) if field in names else None
    return field in names and left == (None if value is None else _digest(value))


def _digest(value: Any) -> str:
    return blake2b(orjson.dumps(value, option=orjson.OPT_SORT_KEYS), digest_size=6).hexdigest()
