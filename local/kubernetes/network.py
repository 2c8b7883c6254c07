"""Who may open a connection to whom: nobody, and then what the access rules say, pod by pod."""

from pathlib import Path
from typing import Any

from ..app_environment import COLLECTOR
from ..callers import GATEWAY, Calls
from ..plan import App, Plan
from ..ports import TELEMETRY
from . import naming

Manifest = dict[str, Any]

SIDECAR, SIDECAR_METRICS = 50002, 9090  # where sidecars talk to each other, and where they are scraped
POSTGRESQL, REDIS, HTTPS = 5432, 6379, 443
# Dapr's operator, sentry, placement, scheduler: the ports of their pods, not of the Services before them.
CONTROL_PLANE = (6500, 50001, 50005, 50006)
OUTSIDE = ("airtable-connector",)  # the only ones with business on the internet
_PRIVATE = ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"]


def shared(plan: Plan) -> list[Manifest]:
    """For all pods of the platform. An overlay says where PostgreSQL and Redis are when they are no pods here."""
    everybody = {"matchLabels": naming.PLATFORM}
    dns = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    }
    dapr = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "dapr-system"}}}
    metrics = {"namespaceSelector": {"matchLabels": {naming.MAY_SCRAPE: "allowed"}}}
    names = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]
    return [
        _policy("default-deny", {}, types=["Ingress", "Egress"]),
        _policy("dns", everybody, egress=[{"to": [dns], "ports": names}]),
        _policy("dapr-control-plane", everybody, egress=[{"to": [dapr], "ports": _tcp(*CONTROL_PLANE)}]),
        _policy("postgresql", everybody, egress=[_to_data("postgresql", POSTGRESQL)]),
        # Every sidecar opens the bus and the state store; rate-limiter-service counts in Redis itself.
        _policy("redis", everybody, egress=[_to_data("redis", REDIS)]),
        *(
            _policy("traces", everybody, egress=[{"to": _pods([app.app_id]), "ports": _tcp(app.port + TELEMETRY)}])
            for app in plan.apps
            if app.app_id == COLLECTOR
        ),
        _policy("sidecar-metrics", everybody, ingress=[{"from": [metrics], "ports": _tcp(SIDECAR_METRICS)}]),
    ]


def of_app(root: Path, app: App, calls: Calls, *, has_workflow: bool) -> Manifest:
    """Its callers in, its callees out, over their sidecars; with workflows, its own replicas both ways."""
    own = {app.app_id} if has_workflow else set()
    callers = sorted({*calls.of(app.app_id), *own})
    callees = sorted({callee for callee, found in calls.found.items() if app.app_id in found} | own)
    ingress: list[Manifest] = [
        {
            "from": [{"namespaceSelector": {"matchLabels": {naming.MAY_SCRAPE: "allowed"}}}],
            "ports": _tcp(app.port + TELEMETRY),
        }
    ]
    egress: list[Manifest] = []
    if app.app_id == COLLECTOR:
        ingress[0]["from"].append({"podSelector": {"matchLabels": naming.PLATFORM}})
    if callers:
        ingress.append({"from": _pods(callers), "ports": _tcp(SIDECAR)})
    if app.app_id == GATEWAY:
        entrance = {"namespaceSelector": {"matchLabels": {naming.MAY_ENTER: "allowed"}}}
        ingress.append({"from": [entrance], "ports": _tcp(app.port)})
    if callees:
        egress.append({"to": _pods(callees), "ports": _tcp(SIDECAR)})
    if app.app_id in OUTSIDE:
        egress.append({"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": _PRIVATE}}], "ports": _tcp(HTTPS)})
    policy = _policy(app.app_id, {"matchLabels": naming.selector(app.app_id)}, ingress=ingress, egress=egress)
    policy["metadata"] = naming.metadata(root, app.app_id)
    return policy


def _policy(name: str, pods: Manifest, *, types: list[str] | None = None, **rules: list[Manifest]) -> Manifest:
    given = {way: rule for way, rule in rules.items() if rule}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": naming.NAMESPACE, "labels": naming.PLATFORM},
        "spec": {"podSelector": pods, "policyTypes": types or [way.capitalize() for way in given], **given},
    }


def _to_data(name: str, port: int) -> Manifest:
    return {"to": [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": name}}}], "ports": _tcp(port)}


def _pods(app_ids: list[str]) -> list[Manifest]:
    return [{"podSelector": {"matchLabels": naming.selector(app_id)}} for app_id in app_ids]


def _tcp(*ports: int) -> list[Manifest]:
    return [{"port": port, "protocol": "TCP"} for port in ports]
