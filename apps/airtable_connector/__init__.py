"""The only one that talks to Airtable: records, bases and tables, cached and with clear errors.

domain      airtable · owner @platform
owns        the journal of every write, a read cache in Dapr state (can be lost)
serves      /v0/… as Airtable does, for its unmodified clients · /api/v1/bases… (records, comments, webhooks, schemas),
            /api/v1/operations… (every write, and its undoing), /api/v1/connections… (which tokens there are),
            /api/v1/whoami
publishes   record-created, record-updated, record-deleted
subscribes  webhook-service.base-changed
calls       rate-limiter-service · schema-service (writes go on without it) · Airtable (or the sandbox)
SLO         99.9 % without Airtable's own failures · p95 20 ms from the cache
"""
