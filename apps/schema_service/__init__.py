"""The memory of every base's schema: versions, what differs between them, and whether that breaks somebody.

domain      airtable · owner @platform
owns        versioned snapshots of schemas
serves      POST /api/v1/schemas/{base}/versions, …/tables/{table}/validate, …/expand
            GET /api/v1/schemas/{base}, …/versions, …/versions/{version}, …/diff, …/drift,
            …/models, …/slim, …/dependencies, …/impact, /api/v1/schemas/search
publishes   schema-changed
subscribes  –
calls       airtable-connector
SLO         99.9 % · p95 50 ms
"""
