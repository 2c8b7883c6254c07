"""The use cases: versions and what differs between them, what is made of one, what a search finds, who relies on it."""

from apps.schema_service.service.consumers import Consumers
from apps.schema_service.service.search import Search
from apps.schema_service.service.versions import Schemas
from apps.schema_service.service.views import Generated, Views

__all__ = ["Consumers", "Generated", "Schemas", "Search", "Views"]
