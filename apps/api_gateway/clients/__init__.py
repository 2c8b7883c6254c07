"""What the gateway asks: every routed app about itself, and the launcher's record of processes."""

from apps.api_gateway.clients.launcher import LauncherRecord
from apps.api_gateway.clients.routed_apps import RoutedApps

__all__ = ["LauncherRecord", "RoutedApps"]
