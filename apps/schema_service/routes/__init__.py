"""/api/v1/schemas: versions of schemas, what is made of them, and a search over all."""

from apps.schema_service.routes import search, versions, views

ROUTERS = [search.router, versions.router, views.router]
