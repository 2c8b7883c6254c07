"""`make k8s-test`: k8s/ on a real API server. Not in `make test`, whose machine need not build Kubernetes."""

import copy
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.kubernetes import naming
from tests.kubernetes import planted, programs, rules, schemas
from tests.kubernetes.cluster import Cluster, running

Manifests = list[dict[str, Any]]
SPACE = naming.NAMESPACE


@pytest.fixture(scope="module")
def cluster(
    rendered: dict[str, Manifests], made: Manifests, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    """With Dapr's definitions, the made Secrets and the production overlay; nothing is left of it afterwards."""
    with running(programs.obtain(*programs.CLUSTER), tmp_path_factory.mktemp("cluster")) as started:
        definitions = [each for path in schemas.CRDS.glob("*.yaml") for each in yaml.safe_load_all(path.read_text())]
        started.apply(*definitions)
        started.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
        started.apply(*rules.of_kind(rendered["production"], "Namespace"))
        started.apply(*made, *rendered["production"])
        yield started
        processes = started.processes
    assert all(process.poll() is not None for process in processes)


def until(holds: Callable[[], object], within: float, what: str) -> None:
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, f"not within {within} s: {what}"
        time.sleep(0.5)


def test_every_deployment_has_all_its_pods_available(cluster: Cluster, rendered: dict[str, Manifests]) -> None:
    fewest = {
        name: scaler["spec"]["minReplicas"]
        for name, scaler in rules.named(rendered["production"], "HorizontalPodAutoscaler").items()
    }

    def available() -> bool:
        has = {
            each["metadata"]["name"]: each["status"].get("availableReplicas", 0)
            for each in cluster.get("deployments", SPACE)
        }
        return has == fewest

    until(available, 120, f"as many pods as the autoscalers want at least: {fewest}")


def test_replicas_of_an_app_are_on_different_nodes(cluster: Cluster) -> None:
    nodes: dict[str, list[str]] = {}
    for pod in cluster.get("pods", SPACE):
        nodes.setdefault(pod["metadata"]["labels"]["app.kubernetes.io/name"], []).append(pod["spec"]["nodeName"])
    assert all(len(set(each)) == len(each) for each in nodes.values()), nodes


def test_of_an_app_one_pod_at_a_time_may_be_taken_from_its_node(cluster: Cluster) -> None:
    def allowed() -> bool:
        budgets = cluster.get("poddisruptionbudgets", SPACE)
        return bool(budgets) and {each["status"]["disruptionsAllowed"] for each in budgets} == {1}

    until(allowed, 30, "each budget allows one disruption")


def test_applying_it_again_changes_nothing(cluster: Cluster, rendered: dict[str, Manifests]) -> None:
    def generations() -> dict[str, int]:
        return {each["metadata"]["name"]: each["metadata"]["generation"] for each in cluster.get("deployments", SPACE)}

    before = generations()
    cluster.apply(*rendered["production"])
    assert generations() == before


def test_the_other_overlay_is_accepted_too(cluster: Cluster, rendered: dict[str, Manifests]) -> None:
    text = yaml.safe_dump_all(rendered["local-cluster"])
    cluster.kubectl("apply", "--server-side", "--dry-run=server", "--force-conflicts", "-f", "-", given=text)


WRONG = [(where, value) for check, where, value in planted.ALL if check == "schemas"]


@pytest.mark.parametrize(("where", "value"), WRONG, ids=[where for where, _ in WRONG])
def test_the_api_server_refuses_what_the_schemas_refuse(
    cluster: Cluster, rendered: dict[str, Manifests], where: str, value: Any
) -> None:
    kind, name = where.split()[:2]
    manifest = copy.deepcopy(rules.named(rendered["production"], kind)[name])
    planted.put([manifest], where, value)
    said = cluster.apply(manifest, check=False)
    assert "serverside-applied" not in said, said
    assert "conflict" not in said, said


RIGHTS = [
    ("securityContext runAsNonRoot", False),
    ("securityContext seccompProfile", planted.GONE),
    ("containers 0 securityContext allowPrivilegeEscalation", True),
    ("containers 0 securityContext capabilities", planted.GONE),
]


@pytest.mark.parametrize(("where", "value"), RIGHTS, ids=[where for where, _ in RIGHTS])
def test_the_namespace_refuses_a_pod_with_more_rights(
    cluster: Cluster, rendered: dict[str, Manifests], where: str, value: Any
) -> None:
    template = copy.deepcopy(rules.named(rendered["production"], "Deployment")["api-gateway"]["spec"]["template"])
    pod = {"apiVersion": "v1", "kind": "Pod", **template}
    pod["metadata"] |= {"name": "probe", "namespace": SPACE}
    planted.put([pod], f"Pod probe spec {where}", value)
    assert 'violates PodSecurity "restricted' in cluster.apply(pod, check=False)


def test_the_simulated_nodes_run_the_images_of_the_overlay(cluster: Cluster) -> None:
    images = {container["image"] for pod in cluster.get("pods", SPACE) for container in pod["spec"]["containers"]}
    assert images
    assert all(image.startswith("registry.example.com/") and ":" in Path(image).name for image in images), images
