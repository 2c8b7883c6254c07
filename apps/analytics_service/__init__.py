"""Where time went and where it failed: the traces of every request, and who calls whom.

domain      insight · owner @platform
owns        traces that failed, were slow, or are samples; calls per minute between services; what changed
serves      GET /api/v1/traces, …/{trace_id}, /graph, /edges, /map, /changes, /logs · OTLP beside it: POST /v1/traces
publishes   nothing
subscribes  schema-service.schema-changed
calls       nothing
SLO         99.5 % · p95 100 ms; spans that find no room are dropped and counted
"""
