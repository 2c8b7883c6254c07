"""The trail of everything that was done, refused or tried, which proves itself.

domain      insight · owner @platform
owns        entries, their chain and Merkle tree, checkpoints, tombstones, schemas of actions, exports
serves      POST /ingest/entries for apps · /api/v1/audit/… for people
publishes   nothing
subscribes  nothing
calls       nothing
SLO         99.9 % · p95 50 ms for a receipt
"""
