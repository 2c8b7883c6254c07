"""Whose traces somebody may read."""

from dataclasses import replace

from apps.analytics_service.domain.errors import LogsNotYours, NotYours
from apps.analytics_service.domain.traces import NOBODYS
from chassis import Principal
from contracts.analytics_service import Whose

SCOPES = {"*", "traces.platform"}  # either opens what belongs to no tenant


def reader(who: Principal, whose: Whose) -> Principal:
    """`who`, as a reader of these. Raises NotYours."""
    if whose == "own":
        return who
    if not SCOPES & set(who.scopes):
        raise NotYours("Reading the platform's own traces takes the scope traces.platform.")
    return replace(who, tenant=NOBODYS)


def operator(who: Principal) -> None:
    """Logs are of all tenants: who reads them runs the platform. Raises LogsNotYours."""
    if not {"*", "logs.platform"} & set(who.scopes):
        raise LogsNotYours("Reading the logs takes the scope logs.platform.")
