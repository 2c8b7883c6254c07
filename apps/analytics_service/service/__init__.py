"""The use cases: traces and who calls whom, what changed, and what was logged."""

from apps.analytics_service.service.changes import Changes
from apps.analytics_service.service.logs import Logs
from apps.analytics_service.service.traces import Traces

__all__ = ["Changes", "Logs", "Traces"]
