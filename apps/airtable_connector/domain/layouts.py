"""Which tables of a base show something of each other, read from its schema."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LINK = "multipleRecordLinks"
# Types whose cells follow from nothing else, and whose values webhooks write as records do.
_PLAIN = {"singleLineText", "multilineText", "email", "url", "phoneNumber", "checkbox", "date", "dateTime"}
_PLAIN |= {"number", "percent", "currency", "rating", "duration"}


@dataclass(frozen=True, slots=True)
class Layout:
    """`ids`: tables by id and by lower-case name. `groups`: each table with all that its links lead to, however far.
    `alone`: tables without links, whose records show nothing of any other record. `plain`: those of them whose cells
    show nothing of each other either. `names`: fields by id."""

    ids: Mapping[str, str]
    groups: Mapping[str, frozenset[str]]
    alone: frozenset[str]
    plain: frozenset[str]
    names: Mapping[str, str]

    def table(self, named: str) -> str | None:
        """The id of a table called by id or by name."""
        return self.ids.get(named) or self.ids.get(named.lower())

    def patched(self, record: dict[str, Any], cells: Mapping[str, Any]) -> dict[str, Any] | None:
        """The record, as it is kept, with these cells of a plain table as a webhook told them; None when one of them
        is not known."""
        fields = dict(record["fields"])
        for field, value in cells.items():
            if field not in self.names:
                return None
            if value in (None, "") or value is False:
                fields.pop(self.names[field], None)
            else:
                fields[self.names[field]] = value
        return {**record, "fields": fields}


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
        plain=frozenset(t["id"] for t in tables if all(field["type"] in _PLAIN for field in t["fields"])),
        names={field["id"]: field["name"] for table in tables for field in table["fields"]},
    )
