"""The rules: what differs between two schemas, and what fits into a table."""

from apps.schema_service.domain.differences import UnknownBase, UnknownVersion, changes, diff, fingerprint
from apps.schema_service.domain.fitting import UnknownTable, mistakes, table_of

__all__ = [
    "UnknownBase",
    "UnknownTable",
    "UnknownVersion",
    "changes",
    "diff",
    "fingerprint",
    "mistakes",
    "table_of",
]
