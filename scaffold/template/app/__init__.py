"""What is in a base, at a glance: bases are remembered, and measured soon after.

domain      work · owner @platform
owns        remembered bases and their measures
serves      POST /api/v1/example
            GET /api/v1/example/{base}
publishes   base-remembered
subscribes  example-service.base-remembered
calls       airtable-connector
SLO         99.9 % · p95 50 ms
"""
