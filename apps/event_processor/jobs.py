"""What runs on a period."""

from apps.event_processor.service import Letters, Rules
from chassis import job


@job("@every 30s")
async def replay_dead_letters(letters: Letters) -> None:
    await letters.replay_what_passes()


@job("@every 1m")
async def apply_retention(rules: Rules) -> None:
    await rules.apply()
