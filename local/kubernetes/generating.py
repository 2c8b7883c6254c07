"""Every generated file of k8s/, with the text it should have."""

from pathlib import Path
from typing import Any

import yaml

from .. import abilities, configuration, topics
from ..app_environment import COLLECTOR
from ..bus import bus
from ..callers import GATEWAY, Calls
from ..plan import Plan
from . import naming, network, scaling, secrets, workload

Manifest = dict[str, Any]

# What is reached without a sidecar: the port of the Service, and the container's port behind it.
_SERVICES = {GATEWAY: [(80, "http")], COLLECTOR: [(naming.OTLP, "telemetry")]}


def generated(root: Path, plan: Plan, calls: Calls, found: topics.Topics) -> dict[Path, str]:
    """k8s/base and k8s/components: the apps of dapr.yaml, and the components under their names in components/."""
    told = {"OTLP_ENDPOINT": f"http://{COLLECTOR}:{naming.OTLP}"} if COLLECTOR in plan.app_ids else {}
    sagas = abilities.having(root, plan.app_ids, "workflow")
    base, components = root / "k8s" / "base", root / "k8s" / "components"
    files = {
        base / "apps" / f"{app.app_id}.yaml": [
            workload.account(root, app),
            workload.deployment(root, app, plan.common, scaling.size_of(app.app_id), told),
            *(workload.service(root, app, port, target) for port, target in _SERVICES.get(app.app_id, ())),
            scaling.autoscaler(root, app.app_id),
            scaling.disruption_budget(root, app.app_id),
            network.of_app(root, app, calls, has_workflow=app.app_id in sagas),
            _configuration(root, app.app_id, calls),
        ]
        for app in plan.apps
    }
    apps = [f"apps/{path.name}" for path in sorted(files)]
    resources = ["namespace.yaml", "network-policies.yaml", "../components", *apps]
    files[base / "kustomization.yaml"] = [_kustomization(resources)]
    files[base / "namespace.yaml"] = [_namespace()]
    files[base / "network-policies.yaml"] = network.shared(plan)
    parts = {
        "bus": bus(found),
        "resiliency": configuration.resiliency(plan),
        "secrets": _secrets(),
        "state": yaml.safe_load((root / "components" / "state.yaml").read_text("utf-8")),
    }
    if sagas:
        parts["workflow-store"] = configuration.workflow_store(sagas)
    files |= {components / f"{name}.yaml": [_placed(part)] for name, part in parts.items()}
    files[components / "kustomization.yaml"] = [_kustomization([f"{name}.yaml" for name in sorted(parts)])]
    files[root / "k8s" / "secrets.example.yaml"] = secrets.example(plan.app_ids[0])
    return {path: configuration.text(*manifests) for path, manifests in files.items()}


def _configuration(root: Path, app_id: str, calls: Calls) -> Manifest:
    """As in config/dapr/, in the cluster's namespace; mutual TLS and names are the control plane's there."""
    made = configuration.app_configuration(app_id, calls, namespace=naming.NAMESPACE)
    del made["spec"]["mtls"], made["spec"]["nameResolution"]
    return {**made, "metadata": naming.metadata(root, app_id)}


def _secrets() -> Manifest:
    """The file that each sidecar has of its own: docs/decisions/0010-secrets-in-kubernetes.md."""
    return {
        "apiVersion": "dapr.io/v1alpha1",
        "kind": "Component",
        "metadata": {"name": "secrets"},
        "spec": {
            "type": "secretstores.local.file",
            "version": "v1",
            "metadata": [{"name": "secretsFile", "value": f"{naming.SECRETS_FOLDER}/{naming.SECRETS_FILE}"}],
        },
    }


def _placed(part: Manifest) -> Manifest:
    return {**part, "metadata": {**part["metadata"], "namespace": naming.NAMESPACE, "labels": naming.PLATFORM}}


def _kustomization(resources: list[str]) -> Manifest:
    return {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": resources}


def _namespace() -> Manifest:
    """In which the API server itself refuses a pod that is root, or writes to its image, or wants more rights."""
    enforced = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
    metadata = {"name": naming.NAMESPACE, "labels": {**naming.PLATFORM, **enforced}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
