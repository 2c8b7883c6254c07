"""What the app keeps: answers that may be lost, in Dapr state; the journal of writes, in its database."""

from apps.airtable_connector.store.cache import CacheAway, Entry, ReadCache, entry_key
from apps.airtable_connector.store.journal import JournalStore

__all__ = ["CacheAway", "Entry", "JournalStore", "ReadCache", "entry_key"]
