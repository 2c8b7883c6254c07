"""The memory of every base's schema: versions, what differs between them, and whether that breaks somebody.

domain      airtable · owner @platform
owns        versioned snapshots of schemas, who relies on which
serves      POST /api/v1/schemas/{base}/versions, …/tables/{table}/validate, …/tables/{table}/check, …/expand
            GET /api/v1/schemas/{base}, …/versions, …/versions/{version}, …/diff, …/drift,
            …/models, …/slim, …/dependencies, …/impact, /api/v1/schemas/search
            PUT, GET, DELETE /api/v1/schemas/{base}/consumers…
publishes   schema-changed
subscribes  –
calls       airtable-connector
SLO         99.9 % · p95 50 ms
"""
