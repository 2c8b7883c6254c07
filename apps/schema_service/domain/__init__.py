"""The rules: what differs between two schemas, what fits into a table, what a schema is in other words."""

from apps.schema_service.domain.aliases import state, used
from apps.schema_service.domain.dependencies import UnknownThing, dependencies, impact
from apps.schema_service.domain.differences import (
    UnknownBase,
    UnknownConsumer,
    UnknownVersion,
    changes,
    diff,
    fingerprint,
)
from apps.schema_service.domain.fitting import UnknownTable, all_mistakes, mistakes, table_of
from apps.schema_service.domain.models import LANGUAGES
from apps.schema_service.domain.slim import NotSlim, expand, slim, tokens

__all__ = [
    "LANGUAGES",
    "NotSlim",
    "UnknownBase",
    "UnknownConsumer",
    "UnknownTable",
    "UnknownThing",
    "UnknownVersion",
    "all_mistakes",
    "changes",
    "dependencies",
    "diff",
    "expand",
    "fingerprint",
    "impact",
    "mistakes",
    "slim",
    "state",
    "table_of",
    "tokens",
    "used",
]
