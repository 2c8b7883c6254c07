"""How large an app is, how many of it there are, and how many may go at once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..app_environment import COLLECTOR
from . import naming


@dataclass(frozen=True)
class Size:
    """Requests and limits of an app and of its sidecar.

    Measured on 2026-11-25 on the idle mesh of `make up` (psutil's memory_full_info, five apps): an app has 113 to
    131 MB resident. 35 to 59 MB of that are its own share (PSS), because there all are forked from one process; in a
    container nothing is shared, so the resident set is what counts. A sidecar has 72 to 73 MB resident (22 MB PSS).
    Limits leave room for bodies of 16 MiB under way.
    """

    cpu: str = "200m"
    memory: str = "144Mi"
    memory_limit: str = "384Mi"
    sidecar_cpu: str = "100m"
    sidecar_memory: str = "80Mi"
    sidecar_memory_limit: str = "256Mi"


# What differs: bodies of all pass through the one, answers and their cache (32 MiB) are kept by the other.
_SIZES = {"api-gateway": Size(memory_limit="512Mi"), "airtable-connector": Size(memory_limit="768Mi")}

FEWEST, MOST = 2, 6
# Spans of one trace meet in one process, which then decides about it.
_ALONE = (COLLECTOR,)
BUSY = 70  # % of the requested CPU; above, there is one more


def size_of(app_id: str) -> Size:
    return _SIZES.get(app_id, Size())


def autoscaler(root: Path, app_id: str) -> dict[str, Any]:
    """By the app's own CPU: the sidecar's would hide it."""
    fewest, most = (1, 1) if app_id in _ALONE else (FEWEST, MOST)
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": naming.metadata(root, app_id),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": app_id},
            "minReplicas": fewest,
            "maxReplicas": most,
            "metrics": [
                {
                    "type": "ContainerResource",
                    "containerResource": {
                        "name": "cpu",
                        "container": "app",
                        "target": {"type": "Utilization", "averageUtilization": BUSY},
                    },
                }
            ],
        },
    }


def disruption_budget(root: Path, app_id: str) -> dict[str, Any]:
    """One at a time; a pod that is not ready is no reason to keep its node."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": naming.metadata(root, app_id),
        "spec": {
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": naming.selector(app_id)},
        },
    }
