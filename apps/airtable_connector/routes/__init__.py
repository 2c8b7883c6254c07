"""HTTP in: Airtable's own routes (`v0`) and ours (`metadata`, `records`)."""

from apps.airtable_connector.routes import comments, metadata, operations, records, schema, webhooks

TYPED = [metadata.router, schema.router, webhooks.router, operations.router, comments.router, records.router]
