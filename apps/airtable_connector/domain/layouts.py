"""Which tables of a base show something of each other, read from its schema."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LINK = "multipleRecordLinks"


@dataclass(frozen=True, slots=True)
class Layout:
    """`ids`: tables by id and by lower-case name. `groups`: each table with all that its links lead to, however far.
    `alone`: tables without links, whose records show nothing of any other record. `names`: fields by id."""

    ids: Mapping[str, str]
    groups: Mapping[str, frozenset[str]]
    alone: frozenset[str]
    names: Mapping[str, str]

    def table(self, named: str) -> str | None:
        """The id of a table called by id or by name."""
        return self.ids.get(named) or self.ids.get(named.lower())


def layout_of(schema: Mapping[str, Any]) -> Layout:
    """Raises KeyError, TypeError when Airtable does not say where a link leads."""
    tables = schema["tables"]
    groups = {table["id"]: {table["id"]} for table in tables}
    linked: set[str] = set()
    for table in tables:
        for field in table["fields"]:
            if field["type"] == LINK:
                other = field["options"]["linkedTableId"]
                linked |= {table["id"], other}
                joined = groups[table["id"]] | groups[other]
                groups |= dict.fromkeys(joined, joined)
    return Layout(
        ids={key: table["id"] for table in tables for key in (table["name"].lower(), table["id"])},
        groups={table: frozenset(group) for table, group in groups.items()},
        alone=frozenset(groups) - linked,
        names={field["id"]: field["name"] for table in tables for field in table["fields"]},
    )
