"""Schemas and who relies on them, in PostgreSQL: the only place that knows SQL."""

from apps.schema_service.store.consumers import ConsumerStore
from apps.schema_service.store.search import SearchStore
from apps.schema_service.store.snapshots import SchemaStore

__all__ = ["ConsumerStore", "SchemaStore", "SearchStore"]
