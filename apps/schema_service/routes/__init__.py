"""/api/v1/schemas: versions of schemas, what is made of them, a search over all, and who relies on them."""

from apps.schema_service.routes import consumers, search, versions, views

ROUTERS = [search.router, versions.router, views.router, consumers.router]
