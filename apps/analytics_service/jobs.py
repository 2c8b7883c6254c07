"""What is done on a period."""

from apps.analytics_service.service import Traces
from chassis import job


@job("@every 5m", seconds=60)
async def forget_old_traces(traces: Traces) -> None:
    """Keep evidence within its time and its room."""
    await traces.forget()
