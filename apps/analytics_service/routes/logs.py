"""/api/v1/logs: what the processes wrote."""

from typing import Annotated

from fastapi import Query

from apps.analytics_service.domain.reading import operator
from apps.analytics_service.service import Logs
from chassis import Principal, Router
from contracts.analytics_service import LogPage, LogsQuery

router = Router(prefix="/api/v1", tags=["Logs"])


@router.get("/logs", summary="Search the logs")
async def list_logs(asked: Annotated[LogsQuery, Query()], who: Principal, logs: Logs) -> LogPage:
    """Lines of apps and sidecars in the order of time; takes the scope logs.platform. Raises LogsNotYours (403) and
    LogsElsewhere (501)."""
    operator(who)
    return await logs.page(asked)
