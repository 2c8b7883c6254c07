"""Airtable's own API, for its unmodified clients: what they send goes on as it came, what Airtable says comes back."""

from apps.airtable_connector.routes.v0 import bases, comments, nothing, records, webhooks

ROUTERS = [bases.router, webhooks.router, comments.router, records.router, nothing.router]

__all__ = ["ROUTERS"]
