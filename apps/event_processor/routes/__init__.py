"""/api/v1/events. The log comes last: its `/{id}` would take what the others begin with for an id."""

from apps.event_processor.routes import letters, log, projections, replays, retention, schemas, subscriptions, triggers

ROUTERS = (
    letters.router,
    projections.router,
    replays.router,
    retention.router,
    schemas.router,
    subscriptions.router,
    triggers.router,
    log.router,
)
