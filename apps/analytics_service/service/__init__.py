"""The use cases: traces and who calls whom, and what changed."""

from apps.analytics_service.service.changes import Changes
from apps.analytics_service.service.traces import Traces

__all__ = ["Changes", "Traces"]
