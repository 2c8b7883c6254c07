"""How Airtable is reached: its API, when it may be asked, and with which token."""

from apps.airtable_connector.clients.airtable import AirtableApi
from apps.airtable_connector.clients.limiter import Limiter
from apps.airtable_connector.clients.merging import MergedCalls
from apps.airtable_connector.clients.schemas import SchemaService
from apps.airtable_connector.clients.tokens import Tokens

__all__ = ["AirtableApi", "Limiter", "MergedCalls", "SchemaService", "Tokens"]
