"""What the gateway asks: routed apps about themselves, the launcher's record of processes, analytics-service."""

from apps.api_gateway.clients.launcher import LauncherRecord, worked
from apps.api_gateway.clients.routed_apps import RoutedApps
from apps.api_gateway.clients.traces import Traces

__all__ = ["LauncherRecord", "RoutedApps", "Traces", "worked"]
