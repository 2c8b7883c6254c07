"""Names and labels that several manifests must agree on."""

import re
from pathlib import Path

NAMESPACE = "pyairtable-platform"  # access rules name it, so an overlay cannot change it: change it here
PLATFORM = {"app.kubernetes.io/part-of": NAMESPACE}
DOMAIN = f"{NAMESPACE}/domain"
# Put on a namespace by whoever runs the cluster: `allowed` opens the gateway's port, or everybody's metrics, to it.
MAY_ENTER = f"{NAMESPACE}/ingress"
MAY_SCRAPE = f"{NAMESPACE}/metrics"

OTLP = 4318  # the port of OTLP/HTTP (opentelemetry.io/docs/specs/otlp), at the Service before analytics-service

SECRETS_VOLUME = "secrets"
SECRETS_FOLDER = "/etc/pyairtable-platform"  # in the sidecar
SECRETS_FILE = "secrets.json"
TOKEN = "token"  # noqa: S105 - the key that Dapr's injector reads


def secrets_of(app_id: str) -> str:
    """The Secret with the file that the app's sidecar reads."""
    return f"{app_id}-secrets"


def app_token_of(app_id: str) -> str:
    """The Secret with what the sidecar shows the app."""
    return f"{app_id}-app-token"


def dapr_token_of(app_id: str) -> str:
    """The Secret with what the app shows its sidecar."""
    return f"{app_id}-dapr-token"


def settings_of(app_id: str) -> str:
    """The ConfigMap with the app's settings; an overlay may make it."""
    return f"{app_id}-settings"


def selector(app_id: str) -> dict[str, str]:
    """What marks the app's pods, for ever: a Deployment's selector cannot be changed."""
    return {"app.kubernetes.io/name": app_id}


def labels(root: Path, app_id: str) -> dict[str, str]:
    """The recommended labels, and the domain of the app's passport."""
    return {
        **selector(app_id),
        **PLATFORM,
        "app.kubernetes.io/component": "service",
        "app.kubernetes.io/managed-by": "kustomize",
        **({DOMAIN: domain} if (domain := domain_of(root, app_id)) else {}),
    }


def domain_of(root: Path, app_id: str) -> str | None:
    """The domain in the app's passport; a house test sees to it that each has one."""
    passport = root / "apps" / app_id.replace("-", "_") / "__init__.py"
    found = re.search(r"^domain\s+([a-z-]+)", passport.read_text("utf-8"), re.MULTILINE) if passport.is_file() else None
    return found[1] if found else None


def metadata(root: Path, app_id: str) -> dict[str, object]:
    return {"name": app_id, "namespace": NAMESPACE, "labels": labels(root, app_id)}
