"""What Kafka cannot give: within one partition an event waits for a failing one. `make test-bus` runs it on Kafka."""

import orjson

from chassis._events import TRIES

from .test_bus import GOOD, TOPIC, bus, seen
from .waiting import until

__all__ = ["bus", "seen"]


async def test_an_event_waits_for_all_tries_of_a_failing_one_before_it_in_its_partition(bus, seen):
    async def fail(event):
        if event.note == "poison":
            raise LookupError

    seen.behave = fail
    for id, note in (("1", "poison"), ("2", "a")):
        await bus.broker.add(TOPIC, orjson.dumps({**GOOD, "id": id, "data": {"note": note}}), partition=0)
    assert await until(seen.effects, seconds=30) == ["a"]
    assert [context.causation_id for context in seen.contexts] == ["1"] * TRIES + ["2"]
