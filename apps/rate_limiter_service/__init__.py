"""The governor of Airtable's limits: who may send the next request to a base, and when.

domain      edge · owner @platform
owns        when requests were let through, per base and per token, in Redis; its queues, in memory (callers ask again)
serves      /acquire, /penalties, /clock for apps · /api/v1/limits: explain, usage, simulate
publishes   nothing
subscribes  nothing
calls       nothing
SLO         99.95 % · p95 10 ms beyond the wait that Airtable's limit asks for
"""
