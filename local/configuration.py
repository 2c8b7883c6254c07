"""Writes what Dapr must be told of each app, so that access rules and resiliency follow from the code."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from . import abilities, bus, callers, programs, topics
from .credentials import (
    AIRTABLE_TOKEN,
    AUDIT_HANDOVERS,
    AUDIT_SIGNING_KEY,
    DEVELOPMENT_KEY,
    PUBLIC_KEY,
    REDIS_HOST,
    REDIS_PASSWORD,
    SERVICE_KEYS,
    SIGNING_KEY,
    WORKFLOW_STORE,
)
from .plan import Plan

# SPIFFE's trust domain of the apps; the control plane has its own.
_TRUST_DOMAIN = "public"
NOTE = "# Written by `make configure` from the code, dapr.yaml and config/routes.yaml. Do not edit.\n"
_OWN = ("database-url", "service-key")  # secrets/<app-id> that each app has: its database, its signature
# Beside these, and the public keys with which every app verifies who is asking.
_SECRETS = {
    "api-gateway": [DEVELOPMENT_KEY, SIGNING_KEY],
    "airtable-connector": [AIRTABLE_TOKEN],
    "audit-service": [AUDIT_HANDOVERS, AUDIT_SIGNING_KEY, "database-owner-url/audit-service"],
    "rate-limiter-service": [REDIS_HOST, REDIS_PASSWORD],
}


def generated(
    root: Path, plan: Plan, calls: callers.Calls, found: topics.Topics, others: Iterable[str]
) -> dict[Path, str]:
    """The generated files of config/dapr and components, with their text; `others` are no apps of ours."""
    files = {root / app.configuration: text(app_configuration(app.app_id, calls)) for app in plan.apps}
    files[root / "components" / "resiliency.yaml"] = text(resiliency(plan))
    for program in others:
        files[programs.configuration_file(root, program)] = text(dapr_configuration(program, {}, []))
    files |= {path: text(component) for path, component in bus.files(root, found).items()}
    if sagas := abilities.having(root, plan.app_ids, "workflow"):
        files[root / "components" / "workflow-store.yaml"] = text(workflow_store(sagas))
    return files


def secrets_of(app_id: str) -> list[str]:
    """The secrets an app may read."""
    return sorted({PUBLIC_KEY, SERVICE_KEYS, *(f"{kind}/{app_id}" for kind in _OWN), *_SECRETS.get(app_id, [])})


def app_configuration(app_id: str, calls: callers.Calls, *, namespace: str = "default") -> dict[str, Any]:
    """One app's Dapr Configuration: who may call it, which secrets it may read, how names are found."""
    return dapr_configuration(app_id, calls.of(app_id), secrets_of(app_id), namespace=namespace)


def dapr_configuration(
    name: str, callers: dict[str, dict[str, set[str]]], secrets: list[str], *, namespace: str = "default"
) -> dict[str, Any]:
    """What one sidecar allows: these callers (caller → path → verbs) and its own program's reading of these secrets."""
    return {
        "apiVersion": "dapr.io/v1alpha1",
        "kind": "Configuration",
        "metadata": {"name": name},
        "spec": {
            "mtls": {"enabled": True},
            "accessControl": {
                "defaultAction": "deny",
                "trustDomain": _TRUST_DOMAIN,
                "policies": [_policy(caller, paths, namespace) for caller, paths in sorted(callers.items())],
            },
            "secrets": {
                "scopes": [{"storeName": "secrets", "defaultAccess": "deny", "allowedSecrets": secrets}],
            },
            "nameResolution": {
                "component": "sqlite",
                "version": "v1",
                "configuration": {
                    "connectionString": "${PLATFORM_RUN_DIR}/names.db",
                    "updateInterval": "5s",
                    "timeout": "1s",
                    "cleanupInterval": "0s",
                },
            },
            "features": [{"name": "HotReload", "enabled": False}],
            "metric": {"enabled": True, "http": {"increasedCardinality": False}},
            "tracing": {"samplingRate": "0"},  # no span is exported yet; ids travel all the same
        },
    }


def resiliency(plan: Plan) -> dict[str, Any]:
    """Calls are never repeated by Dapr, which cannot tell a read from a write; its components' calls are.

    Every app is named: without a target of its own, Dapr replays a POST up to three times.
    """
    once_more = {"timeout": "quick", "retry": "once-more"}
    return {
        "apiVersion": "dapr.io/v1alpha1",
        "kind": "Resiliency",
        "metadata": {"name": "resiliency"},
        "spec": {
            "policies": {
                "timeouts": {"quick": "500ms", "publication": "2s"},
                "retries": {
                    "none": {"policy": "constant", "duration": "10ms", "maxRetries": 0},
                    "once-more": {"policy": "constant", "duration": "20ms", "maxRetries": 1},
                    # The chassis counts the same 8 deliveries, and tells of an event that failed all of them.
                    "deliver-again": {
                        "policy": "exponential",
                        "duration": "200ms",
                        "maxInterval": "2s",
                        "maxRetries": 7,
                    },
                },
            },
            "targets": {
                "apps": {app_id: {"retry": "none"} for app_id in sorted(plan.app_ids)},
                "components": {
                    "bus": {"inbound": {"retry": "deliver-again"}, "outbound": {"timeout": "publication"}},
                    **{name: {"outbound": dict(once_more)} for name in ("secrets", "state")},
                },
            },
        },
    }


def workflow_store(app_ids: list[str]) -> dict[str, Any]:
    """Where workflows of these apps are kept; no other sidecar opens it."""
    url = f"database-url/{WORKFLOW_STORE}"
    return {
        "apiVersion": "dapr.io/v1alpha1",
        "kind": "Component",
        "metadata": {"name": "workflow-store"},
        "spec": {
            "type": "state.postgresql",
            "version": "v2",
            "metadata": [
                {"name": "connectionString", "secretKeyRef": {"name": url, "key": url}},
                {"name": "actorStateStore", "value": "true"},
                {"name": "cleanupInterval", "value": "0s"},  # nothing in it has a time to live
            ],
        },
        "auth": {"secretStore": "secrets"},
        "scopes": sorted(app_ids),
    }


def _policy(caller: str, paths: dict[str, set[str]], namespace: str) -> dict[str, Any]:
    return {
        "appId": caller,
        "defaultAction": "deny",
        "trustDomain": _TRUST_DOMAIN,
        "namespace": namespace,
        "operations": [
            {"name": path, "httpVerb": sorted(verbs), "action": "allow"} for path, verbs in sorted(paths.items())
        ],
    }


class _Plain(yaml.SafeDumper):
    """Without anchors: two equal lists are two lists to a reader."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _string(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Plain.add_representer(str, _string)


def text(*documents: dict[str, Any], note: str = NOTE) -> str:
    """YAML as the generated files have it."""
    return note + yaml.dump_all(documents, Dumper=_Plain, sort_keys=False, width=120)
