"""Everything that happened, in one order: the event store, and what led to what.

domain      work · owner @platform
owns        events, what came as an event and is none, dead letters with their reasons,
            projections, subscriptions, triggers, how long events are kept
serves      /api/v1/events
publishes   nothing
subscribes  every topic in contracts, every app's event-failed and dead letters
calls       every app that tells of events, for those the bus lost; every app that hears of some, to bring them again
SLO         99.9 % · p95 50 ms
"""
