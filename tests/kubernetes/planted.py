"""Wrong manifests: (the check that must find it, where it is put, what is put there)."""

from typing import Any

from tests.kubernetes.rules import named
from tests.kubernetes.schemas import Manifest

GONE, MORE = object(), "+"  # take it away; behind the last of a list

DEPLOYMENT = "Deployment api-gateway"
SAID = f"{DEPLOYMENT} spec template metadata annotations"
POD = f"{DEPLOYMENT} spec template spec"
CONTAINER = f"{POD} containers 0"
POLICY = "NetworkPolicy airtable-connector spec"
ANYWHERE = {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"port": 443}]}

ALL: list[tuple[str, str, Any]] = [
    ("schemas", f"{DEPLOYMENT} spec replica", 2),
    ("schemas", f"{POD} terminationGracePeriodSeconds", "30s"),
    ("schemas", "PodDisruptionBudget api-gateway apiVersion", "policy/v1beta1"),
    ("schemas", "Component bus spec metaData", []),
    ("schemas", "Component bus kind", "Komponent"),
    ("schemas", "Resiliency resiliency spec policies timeouts quick", 5),
    ("schemas", "Configuration api-gateway spec accesControl", {}),
    ("apps", f"{DEPLOYMENT} metadata name", "ghost-service"),
    ("apps", f"{SAID} dapr.io/app-port", "8001"),
    ("rights", f"{POD} securityContext runAsNonRoot", False),
    ("rights", f"{POD} securityContext seccompProfile", GONE),
    ("rights", f"{POD} automountServiceAccountToken", True),
    ("rights", f"{POD} enableServiceLinks", GONE),
    ("rights", f"{CONTAINER} securityContext readOnlyRootFilesystem", GONE),
    ("rights", f"{CONTAINER} securityContext allowPrivilegeEscalation", True),
    ("rights", f"{CONTAINER} securityContext capabilities", {"add": ["NET_RAW"]}),
    ("bounds", f"{CONTAINER} readinessProbe", GONE),
    ("bounds", f"{CONTAINER} resources limits", GONE),
    ("bounds", f"{SAID} dapr.io/sidecar-memory-limit", GONE),
    ("annotations", f"{SAID} dapr.io/appid", "api-gateway"),
    ("references", f"{SAID} dapr.io/config", "api-gatway"),
    ("references", f"{SAID} dapr.io/app-token-secret", "tokens"),
    ("references", f"{POD} volumes 1 secret secretName", "secrets"),
    ("references", f"{POD} serviceAccountName", "somebody"),
    ("references", "HorizontalPodAutoscaler api-gateway spec scaleTargetRef name", "api"),
    ("references", "PodDisruptionBudget api-gateway spec selector matchLabels a", "b"),
    ("references", "Service api-gateway spec selector a", "b"),
    ("references", f"{POLICY} ingress 1 from 0 podSelector matchLabels a", "b"),
    ("secrets", f"Component state spec metadata {MORE}", {"name": "redisPassword", "value": "x"}),
    ("secrets", f"{CONTAINER} env {MORE}", {"name": "AIRTABLE_TOKEN", "value": "x"}),
    ("entrance", "Service api-gateway metadata name", "airtable-connector"),
    ("entrance", "Service api-gateway spec type", "LoadBalancer"),
    ("network", "NetworkPolicy default-deny spec policyTypes", ["Ingress"]),
    ("network", f"NetworkPolicy api-gateway spec egress {MORE}", ANYWHERE),
    ("network", f"{POLICY} egress {MORE}", {}),
    ("network", f"{POLICY} ingress 1 ports {MORE}", {"port": 8020}),
    ("network", f"{POLICY} ingress {MORE}", {}),
    ("entrance", "Service analytics-service spec ports 0 targetPort", "http"),
    ("spans", f"{CONTAINER} env 6 value", "http://analytics-service:4317"),
    ("spans", "Service analytics-service metadata name", "traces"),
    ("spans", "NetworkPolicy traces spec egress 0 ports 0 port", 4318),
    ("spans", "NetworkPolicy analytics-service spec ingress 0 from", []),
    ("spans", "HorizontalPodAutoscaler analytics-service spec maxReplicas", 2),
]


def put(manifests: list[Manifest], where: str, value: Any) -> None:
    """Change one place of the manifest that the first two words name."""
    kind, name, *path, last = where.split()
    place: Any = named(manifests, kind)[name]
    for key in path:
        place = place[int(key) if isinstance(place, list) else key]
    if last == MORE:
        place.append(value)
    elif value is GONE:
        del place[last]
    else:
        place[last] = value
