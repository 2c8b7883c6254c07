"""An app's Deployment with its sidecar's annotations, its account, and the Services that are reached without one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..plan import App, Common
from ..ports import TELEMETRY
from . import naming
from .scaling import Size

Manifest = dict[str, Any]

NOBODY = 10001  # the user of the Dockerfile
DEREGISTERED = 5  # s; until then a pod that is to end still gets calls, so it ends later
ENDED = 30  # s; the pause above, 3 to drain, 5 for the sidecar, and some more


def account(root: Path, app: App) -> Manifest:
    """Without a token: neither the app nor its sidecar asks the API server for anything."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": naming.metadata(root, app.app_id),
        "automountServiceAccountToken": False,
    }


def deployment(root: Path, app: App, common: Common, size: Size, told: Mapping[str, str]) -> Manifest:
    """`told` is what every app is told. No number of replicas: that is the autoscaler's, and a second apply must not
    take it back."""
    labels = naming.labels(root, app.app_id)
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": naming.metadata(root, app.app_id),
        "spec": {
            "revisionHistoryLimit": 3,
            "selector": {"matchLabels": naming.selector(app.app_id)},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "template": {
                "metadata": {"labels": labels, "annotations": annotations(app, common, size)},
                "spec": _pod(app, size, told),
            },
        },
    }


def annotations(app: App, common: Common, size: Size) -> dict[str, str]:
    """What Dapr's injector is told; the sidecar's flags under `make up` come from the same two objects."""
    said = {
        "enabled": "true",
        "app-id": app.app_id,
        "app-port": str(app.port),
        "app-protocol": "http",
        "config": app.app_id,
        "enable-app-health-check": str(common.enable_app_health_check).lower(),
        "app-health-check-path": common.app_health_check_path,
        "app-health-probe-interval": str(common.app_health_probe_interval),
        "app-health-threshold": str(common.app_health_threshold),
        "api-token-secret": naming.dapr_token_of(app.app_id),
        "app-token-secret": naming.app_token_of(app.app_id),
        "max-body-size": common.max_body_size,
        "read-buffer-size": common.read_buffer_size,
        "log-as-json": "true",
        "log-level": common.log_level,
        "graceful-shutdown-seconds": "5",
        # Started before the app and ended after it: an app that drains still has its sidecar.
        "enable-native-sidecar": "true",
        "sidecar-cpu-request": size.sidecar_cpu,
        "sidecar-memory-request": size.sidecar_memory,
        "sidecar-memory-limit": size.sidecar_memory_limit,
        "sidecar-seccomp-profile-type": "RuntimeDefault",
        "disable-builtin-k8s-secret-store": "true",
        "volume-mounts": f"{naming.SECRETS_VOLUME}:{naming.SECRETS_FOLDER}",
    }
    return {f"dapr.io/{name}": value for name, value in said.items()}


def service(root: Path, app: App, port: int, target: str) -> Manifest:
    """A port that is reached without a sidecar. Dapr's operator makes the Services of the sidecars."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": naming.metadata(root, app.app_id),
        "spec": {
            "type": "ClusterIP",
            "selector": naming.selector(app.app_id),
            "ports": [{"name": target, "port": port, "targetPort": target, "appProtocol": "http"}],
        },
    }


def _pod(app: App, size: Size, told: Mapping[str, str]) -> Manifest:
    return {
        "serviceAccountName": app.app_id,
        "automountServiceAccountToken": False,
        # Else API_GATEWAY_SERVICE_HOST and its like were set, which an app refuses as mistyped settings.
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": ENDED,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": NOBODY,
            "runAsGroup": NOBODY,
            "fsGroup": NOBODY,  # lets the sidecar, another user, read the secrets' file
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": key,
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": naming.selector(app.app_id)},
                "matchLabelKeys": ["pod-template-hash"],
            }
            for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
        ],
        "containers": [_container(app, size, told)],
        "volumes": [
            {"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}},
            {
                "name": naming.SECRETS_VOLUME,
                "secret": {"secretName": naming.secrets_of(app.app_id), "defaultMode": 0o440},
            },
        ],
    }


def _container(app: App, size: Size, told: Mapping[str, str]) -> Manifest:
    def asks(path: str, **how: int) -> Manifest:
        return {"httpGet": {"path": path, "port": "http"}, "timeoutSeconds": 2, **how}

    return {
        "name": "app",
        "image": app.app_id,
        "imagePullPolicy": "IfNotPresent",
        "ports": [
            {"name": "http", "containerPort": app.port},
            {"name": "telemetry", "containerPort": app.port + TELEMETRY},
        ],
        "env": [
            {"name": "APP_HOST", "value": "0.0.0.0"},  # noqa: S104 - inside a pod whose ports a NetworkPolicy closes
            {"name": "APP_PORT", "value": str(app.port)},
            {"name": "TELEMETRY_HOST", "value": "0.0.0.0"},  # noqa: S104
            {"name": "TELEMETRY_PORT", "value": str(app.port + TELEMETRY)},
            _from_secret("APP_API_TOKEN", naming.app_token_of(app.app_id)),
            _from_secret("DAPR_API_TOKEN", naming.dapr_token_of(app.app_id)),
            *({"name": name, "value": value} for name, value in sorted({**told, **app.env}.items())),
        ],
        "envFrom": [{"configMapRef": {"name": naming.settings_of(app.app_id), "optional": True}}],
        "resources": {
            "requests": {"cpu": size.cpu, "memory": size.memory},
            "limits": {"memory": size.memory_limit},  # none for the CPU: it would slow what there is room for
        },
        # The first start migrates the database, and waits for its turn at the lock.
        "startupProbe": asks("/healthz", periodSeconds=1, failureThreshold=120),
        "readinessProbe": asks("/readyz", periodSeconds=5, failureThreshold=2),
        "livenessProbe": asks("/healthz", periodSeconds=10, failureThreshold=3),
        "lifecycle": {"preStop": {"sleep": {"seconds": DEREGISTERED}}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108
    }


def _from_secret(variable: str, secret: str) -> Manifest:
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": secret, "key": naming.TOKEN}}}
