"""Whatever is done to the trail in the database is found."""

import os
import random
from collections import Counter

import asyncpg
import pytest

from apps.audit_service.service import Checkpoints, Verifying
from chassis import Principal
from tests.audit_service.tampering import Tamperer

TIMES = int(os.environ.get("TAMPER_TIMES", "210"))
WHO = Principal("developer", "local")


@pytest.mark.timeout(max(180, TIMES))
async def test_every_random_change_of_the_trail_is_found(app, trail):
    """Flip, delete, insert, swap, truncate, replay, rewrite: the last two are found by what was exported."""
    checkpoints, verifying = (app.state.chassis.container[each] for each in (Checkpoints, Verifying))
    for count in (7, 13, 20):
        await trail.fill(count)
        await checkpoints.sign_all()
    seed = int(os.environ.get("TAMPER_SEED", random.randrange(2**32)))
    owner = await asyncpg.connect(trail.urls.owner)
    tamperer = Tamperer(owner, random.Random(seed))
    await tamperer.remember()
    found: Counter[str] = Counter()
    for number in range(TIMES):
        kind = tamperer.kinds[number % len(tamperer.kinds)]
        async with owner.transaction():
            await kind()
        verdict = await verifying.verify(0, None, WHO)
        assert not verdict.ok, f"not found: {kind.__name__}, change {number} of seed {seed}"
        if kind.__name__ == "rewrite":
            assert "exported" in {each.kind for each in verdict.breaks}
        found[kind.__name__] += 1
        async with owner.transaction():
            await tamperer.restore()
    assert (await verifying.verify(0, None, WHO)).ok
    await owner.close()
    print(f"{sum(found.values())} changes found: {dict(found)}")


async def test_the_first_broken_index_is_named(app, client, trail):
    await trail.fill(30)
    await app.state.chassis.container[Checkpoints].sign_all()
    assert (await client.get("/api/v1/audit/verify")).json() | {"key": None} == {
        "ok": True, "first": 0, "end": 30, "entries": 30, "erased": 0, "checkpoints": 1, "exported": 1, "size": 30,
        "breaks": [], "next": None, "key": None,
    }  # fmt: skip
    await trail.as_owner(
        "UPDATE append_only.entries SET entry = set_byte(entry, 20, get_byte(entry, 20) # 1) WHERE index = 17"
    )
    verdict = (await client.get("/api/v1/audit/verify")).json()
    assert (verdict["ok"], verdict["breaks"][0]["index"], verdict["breaks"][0]["kind"]) == (False, 17, "entry")


async def test_a_part_is_verified_from_the_checkpoint_before_it(app, client, trail):
    for _ in range(3):
        await trail.fill(10)
        await app.state.chassis.container[Checkpoints].sign_all()
    verdict = (await client.get("/api/v1/audit/verify?from=15&to=25")).json()
    assert (verdict["ok"], verdict["first"], verdict["end"], verdict["checkpoints"]) == (True, 10, 25, 1)
    await trail.as_owner("UPDATE append_only.chain SET leaf = hash WHERE index = 3")
    assert (await client.get("/api/v1/audit/verify?from=15")).json()["ok"]
    assert not (await client.get("/api/v1/audit/verify")).json()["ok"]
