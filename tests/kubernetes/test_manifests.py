"""k8s/ as a cluster would get it; each rule has a planted violation that it must find."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from local.errors import SetupError
from local.kubernetes import naming, network, secrets
from tests.kubernetes import planted, rules, schemas
from tests.kubernetes.conftest import OVERLAYS, ROOT, render
from tests.scaffold.conftest import clone as copied

Manifests = list[dict[str, Any]]

clone = copied


@pytest.fixture
def secret_names(made: Manifests) -> set[str]:
    return set(rules.named(made, "Secret"))


CHECKS: dict[str, Callable[[Manifests, set[str]], list[str]]] = {
    "schemas": lambda manifests, _: schemas.problems(manifests),
    "apps": lambda manifests, _: rules.every_app_is_deployed(manifests, ROOT),
    "rights": lambda manifests, _: rules.pods_have_few_rights(manifests),
    "bounds": lambda manifests, _: rules.pods_are_watched_and_bounded(manifests),
    "annotations": lambda manifests, _: rules.annotations_are_dapr_s(manifests),
    "references": rules.names_that_are_used_exist,
    "secrets": lambda manifests, _: rules.secrets_are_references(manifests),
    "entrance": lambda manifests, _: rules.the_gateway_is_the_only_way_in(manifests),
    "network": lambda manifests, _: rules.pods_are_closed(manifests),
    "spans": lambda manifests, _: rules.spans_find_their_way(manifests),
}


@pytest.mark.parametrize("check", CHECKS)
def test_the_manifests_keep_the_rule(manifests, secret_names, check):
    assert CHECKS[check](manifests, secret_names) == []


@pytest.mark.parametrize(
    ("check", "where", "value"), planted.ALL, ids=[f"{each[0]}: {each[1]}" for each in planted.ALL]
)
def test_a_manifest_that_breaks_the_rule_is_found(manifests, secret_names, check, where, value):
    planted.put(manifests, where, value)
    assert CHECKS[check](manifests, secret_names) != []


@pytest.mark.parametrize("kind", ["Deployment", "HorizontalPodAutoscaler"])
def test_an_app_without_its_manifest_is_found(manifests, kind):
    manifests.remove(rules.named(manifests, kind)["api-gateway"])
    assert rules.every_app_is_deployed(manifests, ROOT) != []


def test_a_secret_in_git_is_found(made):
    assert len(rules.secrets_are_references(made)) == len(made)


def test_pods_that_nothing_closes_are_found(manifests):
    manifests.remove(rules.named(manifests, "NetworkPolicy")["default-deny"])
    assert rules.pods_are_closed(manifests) != []


def test_an_ingress_to_another_app_is_found(rendered):
    (ingress,) = rules.of_kind(rendered["production"], "Ingress")
    path = {"backend": {"service": {"name": "airtable-connector"}}}
    other = {**ingress, "spec": {"rules": [{"http": {"paths": [path]}}]}}
    assert rules.the_gateway_is_the_only_way_in([other]) == ["Ingress api-gateway: leads to airtable-connector"]


def test_only_those_whom_the_access_rules_let_in_reach_a_sidecar(manifests):
    """The same list twice: as packets and as calls."""
    for name, configuration in rules.named(manifests, "Configuration").items():
        callers = {policy["appId"] for policy in configuration["spec"]["accessControl"]["policies"]}
        reach = {
            peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"]
            for rule in rules.named(manifests, "NetworkPolicy")[name]["spec"]["ingress"]
            if rule["ports"] == [{"port": network.SIDECAR, "protocol": "TCP"}]
            for peer in rule["from"]
        }
        assert reach == callers, name
        for policy in configuration["spec"]["accessControl"]["policies"]:
            assert policy["namespace"] == naming.NAMESPACE


def test_an_app_can_open_what_its_sidecar_may_read_and_nothing_of_another(made, rendered):
    for name, configuration in rules.named(rendered["production"], "Configuration").items():
        (scope,) = configuration["spec"]["secrets"]["scopes"]
        secret = rules.named(made, "Secret")[naming.secrets_of(name)]
        held = set(json.loads(secret["stringData"][naming.SECRETS_FILE]))
        assert set(scope["allowedSecrets"]) <= held
        assert held - set(scope["allowedSecrets"]) <= {"redis-host", "redis-password", "database-url/workflow-store"}
        assert not [
            each
            for each in held
            if each.startswith("database-url/") and each.split("/")[1] not in (name, "workflow-store")
        ]


def test_the_made_secrets_are_valid_and_the_same_the_second_time(made, tmp_path):
    assert schemas.problems(made) == []
    file = tmp_path / "k" / "secrets.yaml"
    texts = []
    for _ in range(2):
        secrets.make(ROOT, file.parent, postgresql="db.example.com:5432", redis="redis:6379", environment={})
        texts.append(file.read_text())
    assert texts[0] == texts[1]
    assert "@db.example.com:5432/api_gateway" in texts[0]
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("address", ["postgresql", ":5432", "host:port", "user@host:1"])
def test_an_address_that_is_none_is_refused(tmp_path, address):
    with pytest.raises(SetupError, match="--postgresql"):
        secrets.make(ROOT, tmp_path / "k", postgresql=address, redis="redis:6379", environment={})


def test_a_new_app_is_in_every_overlay_and_leaves_without_a_trace(clone, kustomize):
    before = {overlay: render(kustomize, clone, overlay) for overlay in OVERLAYS}

    def scaffold(verb: str) -> None:
        command = [sys.executable, "-m", "scaffold", verb, "trial-service"]
        subprocess.run(command, cwd=clone, check=True, capture_output=True, timeout=120)

    scaffold("new")
    for overlay in OVERLAYS:
        manifests = render(kustomize, clone, overlay)
        assert "trial-service" in rules.named(manifests, "Deployment")
        assert schemas.problems(manifests) == []
        assert rules.every_app_is_deployed(manifests, clone) == []
    scaffold("rm")
    assert {overlay: render(kustomize, clone, overlay) for overlay in OVERLAYS} == before
