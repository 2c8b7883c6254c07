"""The use cases: read through the cache, write and tell what became of it."""

from apps.airtable_connector.service.bulk import Bulk
from apps.airtable_connector.service.reads import Reads, Served
from apps.airtable_connector.service.writes import Writes

__all__ = ["Bulk", "Reads", "Served", "Writes"]
