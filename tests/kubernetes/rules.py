"""What no schema says: manifests that fit together, pods with few rights, secrets by reference, one way in."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.kubernetes.schemas import Manifest, name_of

DATA_TIER = {"postgresql", "redis"}
# Every annotation Dapr 1.18 reads that we may use; it takes no notice of a mistyped one.
DAPR_READS = {
    *("enabled", "app-id", "app-port", "app-protocol", "config", "env", "log-as-json", "log-level", "sidecar-image"),
    *("enable-app-health-check", "app-health-check-path", "app-health-threshold"),
    *("app-health-probe-interval", "app-health-probe-timeout", "max-body-size", "read-buffer-size"),
    *("api-token-secret", "app-token-secret", "disable-builtin-k8s-secret-store", "volume-mounts"),
    *("graceful-shutdown-seconds", "block-shutdown-duration", "enable-native-sidecar"),
    *("sidecar-cpu-request", "sidecar-cpu-limit", "sidecar-memory-request", "sidecar-memory-limit"),
    "sidecar-seccomp-profile-type",
}


def of_kind(manifests: list[Manifest], *kinds: str) -> Iterator[Manifest]:
    return (each for each in manifests if each["kind"] in kinds)


def named(manifests: list[Manifest], kind: str) -> dict[str, Manifest]:
    return {each["metadata"]["name"]: each for each in of_kind(manifests, kind)}


def every_app_is_deployed(manifests: list[Manifest], root: Path) -> list[str]:
    """Exactly the apps of dapr.yaml, each with all that belongs to it, on its port."""
    apps = {app["appID"]: app["appPort"] for app in yaml.safe_load((root / "dapr.yaml").read_text("utf-8"))["apps"]}
    found = []
    for kind in (
        "Deployment", "ServiceAccount", "HorizontalPodAutoscaler", "PodDisruptionBudget", "Configuration"
    ):  # fmt: skip
        different = set(apps) ^ set(named(manifests, kind))
        found += [f"{kind} {name}: in dapr.yaml or in k8s/, not in both" for name in sorted(different)]
    for name, deployment in named(manifests, "Deployment").items():
        template = deployment["spec"]["template"]
        said = {
            annotation_of(template, "app-port"),
            *(str(port["containerPort"]) for port in container_of(template)["ports"] if port["name"] == "http"),
            *(each["value"] for each in container_of(template)["env"] if each["name"] == "APP_PORT"),
        }
        if said != {str(apps.get(name))}:
            found.append(f"Deployment {name}: its port is {apps.get(name)}, not {sorted(said)}")
    return found


def pods_have_few_rights(manifests: list[Manifest]) -> list[str]:
    """Non-root, a root filesystem nobody writes, no capability, no token, no neighbour in the environment."""
    found = []
    for workload in of_kind(manifests, "Deployment", "StatefulSet"):
        pod = workload["spec"]["template"]["spec"]
        wanted: list[tuple[str, Any, Any]] = [
            ("runAsNonRoot", pod["securityContext"].get("runAsNonRoot"), True),
            ("seccompProfile", pod["securityContext"].get("seccompProfile"), {"type": "RuntimeDefault"}),
            ("automountServiceAccountToken", pod.get("automountServiceAccountToken"), False),
            ("enableServiceLinks", pod.get("enableServiceLinks"), False),
        ]
        for container in pod["containers"]:
            context = container.get("securityContext", {})
            wanted += [
                ("readOnlyRootFilesystem", context.get("readOnlyRootFilesystem"), True),
                ("allowPrivilegeEscalation", context.get("allowPrivilegeEscalation"), False),
                ("capabilities", context.get("capabilities"), {"drop": ["ALL"]}),
            ]
        found += [f"{name_of(workload)}: {what} is {has}, not {right}" for what, has, right in wanted if has != right]
    return found


def pods_are_watched_and_bounded(manifests: list[Manifest]) -> list[str]:
    """Probes, requests and a memory limit, for the app and for its sidecar."""
    found = []
    for deployment in of_kind(manifests, "Deployment"):
        container = container_of(deployment["spec"]["template"])
        given = {
            **{probe: container.get(probe) for probe in ("startupProbe", "readinessProbe", "livenessProbe")},
            "requests": {"cpu", "memory"} <= set(container.get("resources", {}).get("requests", {})),
            "limits": container.get("resources", {}).get("limits", {}).get("memory"),
            **{
                name: annotation_of(deployment["spec"]["template"], name)
                for name in ("sidecar-cpu-request", "sidecar-memory-request", "sidecar-memory-limit")
            },
        }
        found += [f"{name_of(deployment)} has no {name}" for name, value in given.items() if not value]
    return found


def annotations_are_dapr_s(manifests: list[Manifest]) -> list[str]:
    return [
        f"{name_of(deployment)}: Dapr reads no {name}"
        for deployment in of_kind(manifests, "Deployment")
        for name in deployment["spec"]["template"]["metadata"]["annotations"]
        if name.startswith("dapr.io/") and name.removeprefix("dapr.io/") not in DAPR_READS
    ]


def names_that_are_used_exist(manifests: list[Manifest], secrets: set[str]) -> list[str]:
    """Accounts, Configurations, Secrets (of `secrets`), scale targets, pods behind selectors."""
    found = []
    pods = [each["spec"]["template"]["metadata"]["labels"] for each in of_kind(manifests, "Deployment", "StatefulSet")]
    for workload in of_kind(manifests, "Deployment", "StatefulSet"):
        template = workload["spec"]["template"]
        account = template["spec"].get("serviceAccountName")
        if account and account not in named(manifests, "ServiceAccount"):
            found.append(f"{name_of(workload)}: there is no ServiceAccount {account}")
        configuration = annotation_of(template, "config")
        if configuration and configuration not in named(manifests, "Configuration"):
            found.append(f"{name_of(workload)}: there is no Configuration {configuration}")
        found += [f"{name_of(workload)}: there is no Secret {name}" for name in sorted(secrets_in(template) - secrets)]
    for scaler in of_kind(manifests, "HorizontalPodAutoscaler"):
        if scaler["spec"]["scaleTargetRef"]["name"] not in named(manifests, "Deployment"):
            found.append(f"{name_of(scaler)}: its target does not exist")
    for user in of_kind(manifests, "PodDisruptionBudget", "Service", "NetworkPolicy"):
        for labels in selectors_of(user):
            if not any(labels.items() <= pod.items() for pod in pods):
                found.append(f"{name_of(user)}: no pod has {labels}")
    return found


def secrets_are_references(manifests: list[Manifest]) -> list[str]:
    """No Secret is among the manifests, and no address or password stands in them as text."""
    found = [f"{name_of(each)} must not be in git" for each in of_kind(manifests, "Secret")]
    for component in of_kind(manifests, "Component"):
        for item in component["spec"]["metadata"]:
            if re.search(r"(?i)host|password|connectionstring|url$", item["name"]) and "secretKeyRef" not in item:
                found.append(f"{name_of(component)}: {item['name']} is text, not a secretKeyRef")
    for workload in of_kind(manifests, "Deployment", "StatefulSet"):
        for container in workload["spec"]["template"]["spec"]["containers"]:
            for variable in container.get("env", []):
                if re.search(r"TOKEN|PASSWORD|SECRET|_KEY$", variable["name"]) and "value" in variable:
                    found.append(f"{name_of(workload)}: {variable['name']} is text, not a secretKeyRef")
    return found


def the_gateway_is_the_only_way_in(manifests: list[Manifest]) -> list[str]:
    """Without a sidecar: the gateway and the place for spans, inside the cluster; Ingresses lead to the gateway."""
    found = []
    for service in of_kind(manifests, "Service"):
        name, ports = service["metadata"]["name"], [port.get("targetPort") for port in service["spec"]["ports"]]
        if name not in DATA_TIER and (name, ports) not in (
            ("api-gateway", ["http"]),
            ("analytics-service", ["telemetry"]),
        ):
            found.append(f"{name_of(service)}: {ports} of {name} is not reached without a sidecar")
        if service["spec"].get("type", "ClusterIP") != "ClusterIP":
            found.append(f"{name_of(service)}: an Ingress leads in, not a {service['spec']['type']}")
    for ingress in of_kind(manifests, "Ingress"):
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                if path["backend"]["service"]["name"] != "api-gateway":
                    found.append(f"{name_of(ingress)}: leads to {path['backend']['service']['name']}")
    return found


def pods_are_closed(manifests: list[Manifest]) -> list[str]:
    """Default deny; the internet for the connector only; app ports for nobody but the gateway's entrance."""
    policies = named(manifests, "NetworkPolicy")
    default = policies.get("default-deny", {}).get("spec")
    found = []
    if default != {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}:
        found.append("NetworkPolicy default-deny: does not close every pod in both directions")
    ports = {
        port["containerPort"]: name
        for name, deployment in named(manifests, "Deployment").items()
        for port in container_of(deployment["spec"]["template"])["ports"]
        if port["name"] == "http"
    }
    for name, policy in policies.items():
        for rule in policy["spec"].get("egress", []):
            anywhere = (
                not rule.get("to")
                or not rule.get("ports")
                or any("0.0.0.0/0" in str(peer.get("ipBlock")) for peer in rule["to"])
            )
            if anywhere and (name != "airtable-connector" or [port["port"] for port in rule.get("ports", [])] != [443]):
                found.append(f"NetworkPolicy {name}: lets pods out to anywhere")
        for rule in policy["spec"].get("ingress", []):
            opened = {ports[port["port"]] for port in rule.get("ports", []) if port["port"] in ports}
            if not rule.get("from") or not rule.get("ports") or opened - {"api-gateway"}:
                found.append(f"NetworkPolicy {name}: opens more than sidecars, metrics and the gateway")
    return found


def annotation_of(template: Manifest, name: str) -> str | None:
    value = template["metadata"].get("annotations", {}).get(f"dapr.io/{name}")
    return None if value is None else str(value)


def container_of(template: Manifest) -> Manifest:
    return next(each for each in template["spec"]["containers"] if each["name"] == "app")


def secrets_in(template: Manifest) -> set[str]:
    """The names of all Secrets that a pod needs."""
    found = {volume["secret"]["secretName"] for volume in template["spec"].get("volumes", []) if "secret" in volume}
    found |= {
        variable["valueFrom"]["secretKeyRef"]["name"]
        for container in template["spec"]["containers"]
        for variable in container.get("env", [])
        if "valueFrom" in variable
    }
    tokens = (annotation_of(template, name) for name in ("api-token-secret", "app-token-secret"))
    return found | {name for name in tokens if name}


def selectors_of(manifest: Manifest) -> Iterator[dict[str, str]]:
    """The label selectors in a manifest that are meant for pods of this namespace, empty ones left out."""
    spec = manifest["spec"]
    own = spec.get("podSelector", spec.get("selector", {}))
    peers = [
        peer
        for way in ("ingress", "egress")
        for rule in spec.get(way, [])
        for peer in rule.get("from", rule.get("to", []))
    ]
    selectors = [
        own,
        *(peer["podSelector"] for peer in peers if "podSelector" in peer and "namespaceSelector" not in peer),
    ]
    for each in selectors:
        labels = each.get("matchLabels", {} if "matchLabels" in each or manifest["kind"] != "Service" else each)
        if labels:
            yield labels


def spans_find_their_way(manifests: list[Manifest]) -> list[str]:
    """From every app to the Service that its setting names, and to the port of the pods behind it, both doors open."""
    found = []
    policies, services = named(manifests, "NetworkPolicy"), named(manifests, "Service")
    for deployment in of_kind(manifests, "Deployment"):
        said = {each["name"]: each.get("value") for each in container_of(deployment["spec"]["template"])["env"]}
        address = re.fullmatch(r"http://([a-z-]+):(\d+)", said.get("OTLP_ENDPOINT") or "")
        ports = services[address[1]]["spec"]["ports"] if address and address[1] in services else []
        if address is None or [port["port"] for port in ports] != [int(address[2])]:
            found.append(f"{name_of(deployment)}: there is no Service behind OTLP_ENDPOINT {said.get('OTLP_ENDPOINT')}")
    (target,) = [
        port["containerPort"]
        for port in container_of(named(manifests, "Deployment")["analytics-service"]["spec"]["template"])["ports"]
        if port["name"] == "telemetry"
    ]
    everybody = {"podSelector": {"matchLabels": {"app.kubernetes.io/part-of": "pyairtable-platform"}}}
    door = {"port": target, "protocol": "TCP"}
    collector = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "analytics-service"}}}
    if policies["traces"]["spec"] != {
        **everybody, "policyTypes": ["Egress"], "egress": [{"to": [collector], "ports": [door]}]
    }:  # fmt: skip
        found.append("NetworkPolicy traces: does not let every pod out to analytics-service's telemetry port only")
    if not any(
        everybody in rule["from"] and rule["ports"] == [door]
        for rule in policies["analytics-service"]["spec"]["ingress"]
    ):
        found.append("NetworkPolicy analytics-service: does not let every pod in to its telemetry port")
    scaler = named(manifests, "HorizontalPodAutoscaler")["analytics-service"]["spec"]
    if scaler["maxReplicas"] != 1:
        found.append("HorizontalPodAutoscaler analytics-service: spans of one trace would not meet")
    return found
