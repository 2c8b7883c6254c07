"""The gateway's count of changes beside the entries that the trail has of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import text

from chassis import Read
from contracts.audit_service import COUNT, Gap, HourReconciled

NAMED = 100  # gaps of each kind

# A client may send one request id twice, in two hours too: what is compared of an id is the hour with its neighbours.
# What was counted comes into the trail later than the hour it tells of, by days if the gateway was away.
_H = "CAST(:hour AS timestamptz)"
_HOUR = text(f"""
    WITH told AS MATERIALIZED (
        SELECT convert_from(entry, 'UTF8')::jsonb -> 'metadata' AS told, occurred_at < :until AS due
        FROM append_only.entries
        WHERE tenant = 'platform' AND action = '{COUNT}' AND service = 'api-gateway' AND targets @> ARRAY[:target]
            AND occurred_at >= {_H} - interval '1 hour' AND occurred_at < {_H} + interval '3 days'
    ), counted AS MATERIALIZED (
        SELECT request_id, by_service.key AS service, count(*) FILTER (WHERE here) AS here,
            count(*) FILTER (WHERE here AND how.key = 'answered') AS answered_here,
            count(*) FILTER (WHERE here AND how.key = 'unanswered') AS unanswered_here,
            count(*) FILTER (WHERE how.key = 'answered') AS answered,
            count(*) FILTER (WHERE how.key = 'answered' AND due) AS due,
            count(*) FILTER (WHERE how.key = 'unanswered') AS unanswered
        FROM (SELECT *, CAST(told ->> 'hour' AS timestamptz) AS hour FROM told) AS told
        CROSS JOIN LATERAL jsonb_each(told -> 'requests') AS by_service
        CROSS JOIN LATERAL jsonb_each(by_service.value) AS how
        CROSS JOIN LATERAL jsonb_array_elements_text(how.value) AS request_id
        CROSS JOIN LATERAL (SELECT hour = {_H} AS here) AS this
        WHERE hour >= {_H} - interval '1 hour' AND hour <= {_H} + interval '1 hour'
        GROUP BY request_id, by_service.key
    ), trail AS MATERIALIZED (
        SELECT request_id, service, count(*) AS times FROM append_only.entries
        WHERE tenant IN (:tenant, 'platform') AND action <> '{COUNT}'
            AND occurred_at >= {_H} - interval '1 hour' AND occurred_at < {_H} + interval '2 hours'
        GROUP BY request_id, service
    ), judged AS MATERIALIZED (
        SELECT counted.*, coalesce(times, 0) AS times FROM counted LEFT JOIN trail USING (request_id, service)
        WHERE here > 0
    ), uncounted AS MATERIALIZED (
        SELECT request_id, service, count(*) AS times FROM append_only.entries AS e
        WHERE tenant = :tenant AND actor_type IN ('user', 'agent') AND occurred_at < :until
            AND occurred_at >= greatest({_H}, :counted_since) AND occurred_at < {_H} + interval '1 hour'
            AND NOT EXISTS (SELECT FROM counted AS c WHERE c.request_id = e.request_id)
        GROUP BY request_id, service
    )
    SELECT NULL AS kind, NULL AS request_id, NULL AS service, coalesce(sum(answered_here), 0)::bigint AS counted,
        coalesce(sum(greatest(times - (answered - answered_here), 0)), 0)::bigint AS entries,
        coalesce(sum(unanswered_here), 0)::bigint AS unanswered,
        coalesce(sum(here - answered_here - unanswered_here), 0)::bigint AS exempt FROM judged
    UNION ALL (SELECT 'missing', request_id, service, answered, times, sum(due - times) OVER (), 0
        FROM judged WHERE times < due LIMIT {NAMED})
    UNION ALL (SELECT 'doubled', request_id, service, answered, times,
        sum(times - answered - unanswered) OVER (), 0
        FROM judged WHERE times > answered + unanswered LIMIT {NAMED})
    UNION ALL (SELECT 'uncounted', request_id, service, 0, times, sum(times) OVER (), 0 FROM uncounted LIMIT {NAMED})
""")  # noqa: S608  nothing but our own names is put in
_SINCE = text(f"""
    SELECT min(occurred_at) FROM append_only.entries WHERE tenant = 'platform' AND action = '{COUNT}'
""")  # noqa: S608
_TENANTS = text(f"""
    SELECT DISTINCT substr(target, length('tenant:') + 1)
    FROM append_only.entries CROSS JOIN LATERAL unnest(targets) AS target
    WHERE tenant = 'platform' AND action = '{COUNT}' AND starts_with(target, 'tenant:')
""")  # noqa: S608


class ReconciliationStore:
    async def counted_since(self, read: Read) -> datetime | None:
        """When the gateway began to count; None: it has not."""
        found: datetime | None = await read.scalar(_SINCE)
        return found

    async def tenants(self, read: Read) -> list[str]:
        """Those of which something was counted."""
        return list((await read.execute(_TENANTS)).scalars())

    async def hour(
        self, read: Read, tenant: str, hour: datetime, counted_since: datetime, until: datetime
    ) -> HourReconciled:
        """Of `hour`, its beginning; what was counted or written after `until` may still be on its way."""
        values = {"tenant": tenant, "target": f"tenant:{tenant}", "hour": hour, "until": until}
        rows = (await read.execute(_HOUR, {**values, "counted_since": counted_since})).all()
        whole = next(row for row in rows if row.kind is None)
        gaps = [row for row in rows if row.kind is not None]
        totals: dict[str, Any] = {row.kind: int(row.unanswered) for row in gaps}
        return HourReconciled(
            tenant=tenant,
            hour=hour,
            counted=whole.counted,
            unanswered=whole.unanswered,
            exempt=whole.exempt,
            entries=whole.entries,
            missing=totals.get("missing", 0),
            doubled=totals.get("doubled", 0),
            uncounted=totals.get("uncounted", 0),
            gaps=[Gap(kind=row.kind, request_id=row.request_id, service=row.service, counted=row.counted,
                      entries=row.entries) for row in gaps],
        )  # fmt: skip
