"""The only files that know SQL, and how logs lie on a disk."""

from apps.analytics_service.store.changes import ChangeStore
from apps.analytics_service.store.edges import EdgeStore
from apps.analytics_service.store.logs import LogFiles
from apps.analytics_service.store.traces import TraceStore

__all__ = ["ChangeStore", "EdgeStore", "LogFiles", "TraceStore"]
