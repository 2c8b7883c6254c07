"""The only door: every client of the platform comes through here.

domain      edge · owner @platform
owns        audit entries of what it refused, until audit-service has them; the last requests, in memory, for `why`
serves      everything in config/routes.yaml, GET /health, GET /openapi.json, GET /docs, GET /problems,
            GET /api/v1/why/{trace_id}
publishes   nothing
subscribes  nothing
calls       every app in config/routes.yaml
SLO         99.95 % · p95 5 ms beside the callee
"""
