"""Within one partition of Kafka an event waits for the one before it. `make test-bus` runs this on Kafka."""

import time

import orjson

from chassis import Retry
from chassis._events import TRIES

from .test_bus import GOOD, TOPIC, bus, seen
from .waiting import until

__all__ = ["bus", "seen"]


async def poison_and_another(bus, seen, raised):
    """Both in one partition, the poisonous one first; the seconds until the other was handled."""

    async def fail(event):
        if event.note == "poison":
            raise raised

    seen.behave = fail
    await bus.broker.add(TOPIC, orjson.dumps({**GOOD, "id": "1", "data": {"note": "poison"}}), partition=0)
    await until(lambda: seen.contexts, seconds=30)
    began = time.monotonic()
    await bus.broker.add(TOPIC, orjson.dumps({**GOOD, "id": "2", "data": {"note": "a"}}), partition=0)
    assert await until(seen.effects, seconds=30) == ["a"]
    return time.monotonic() - began


async def test_an_event_waits_for_all_tries_of_one_before_it_in_its_partition_that_asks_for_a_later_time(bus, seen):
    await poison_and_another(bus, seen, Retry("not yet"))
    assert [context.causation_id for context in seen.contexts] == ["1"] * TRIES + ["2"]


async def test_a_bug_holds_up_the_event_behind_it_in_its_partition_for_less_than_a_second(bus, seen):
    assert await poison_and_another(bus, seen, LookupError()) < 1
    assert [context.causation_id for context in seen.contexts] == ["1"] * TRIES + ["2"]
