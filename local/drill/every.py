"""All faults, in an order of the seed: half of them under traffic, a fifth without the kept evidence."""

import random
from collections.abc import Sequence
from dataclasses import replace

from . import families_inside, families_outside
from .faults import ANALYST, Fault


def every(apps: Sequence[str], seed: int, families: Sequence[str] = ()) -> list[Fault]:
    """Every second one under traffic, every fifth blind, where somebody else than the keeper of evidence is broken."""
    chosen = [fault for fault in _all(apps) if not families or fault.family in families]
    random.Random(seed).shuffle(chosen)
    faults, turn = [], 0
    for number, fault in enumerate(chosen):
        turn += fault.app != ANALYST
        blind = turn % 4 == 0 and fault.app != ANALYST
        faults.append(replace(fault, busy=number % 2 == 1, blind=blind))
    return faults


def _all(apps: Sequence[str]) -> list[Fault]:
    return [
        *families_outside.of_processes(apps),
        *families_outside.of_airtable(),
        *families_outside.of_clients(),
        *families_outside.of_the_data_tier(),
        *families_inside.of_code(),
        *families_inside.of_data(),
        *families_inside.of_settings(),
        *families_inside.of_edges(),
        *families_inside.of_events(),
    ]
