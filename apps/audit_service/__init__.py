"""What is in a base, at a glance.

domain      work · owner @platform
owns        nothing
serves      GET /api/v1/audit/{base}
publishes   nothing
subscribes  nothing
calls       airtable-connector
SLO         99.9 % · p95 50 ms
"""
