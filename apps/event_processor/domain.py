"""What a summary is."""

from chassis import AppError
from contracts.airtable_connector import Table
from contracts.event_processor import Summary, TableSize


class UnknownBase(AppError):
    code, status, title, fault = "event-processor.unknown-base", 404, "There is no such base", "client"


def summarise(base: str, tables: list[Table], widest: int) -> Summary:
    """All tables counted, the `widest` of them named, those with most fields first."""
    sizes = [TableSize(name=table.name, fields=len(table.fields)) for table in tables]
    by_width = sorted(sizes, key=lambda size: (-size.fields, size.name))
    return Summary(
        base=base,
        tables=len(sizes),
        fields=sum(size.fields for size in sizes),
        widest=by_width[:widest],
    )
