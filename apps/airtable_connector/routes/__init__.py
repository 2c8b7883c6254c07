"""HTTP in: Airtable's own routes (`v0`) and ours (`metadata`, `records`)."""

from apps.airtable_connector.routes import comments, connections, metadata, operations, records, schema, webhooks
from apps.airtable_connector.routes.connections import chosen_by_header

_OF_ONE_CONNECTION = (metadata, schema, webhooks, comments, records)

TYPED = [connections.router, operations.router, *(chosen_by_header(one.router) for one in _OF_ONE_CONNECTION)]
