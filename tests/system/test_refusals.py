"""Nobody gets past a sidecar: not around it, not from an app that is not allowed, not without its token."""

import json

import httpx
import psutil
import pytest

from local.credentials import Credentials
from tests.system.mesh import Mesh


def test_a_request_around_the_sidecar_is_refused(mesh: Mesh) -> None:
    answer = httpx.get(f"http://127.0.0.1:{mesh.port(8020)}/api/v1/bases")
    assert (answer.status_code, answer.json()["code"]) == (401, "mesh.not-through-sidecar")


def test_a_wrong_app_token_is_refused(mesh: Mesh) -> None:
    answer = httpx.get(f"http://127.0.0.1:{mesh.port(8020)}/api/v1/bases", headers={"dapr-api-token": "wrong"})
    assert answer.json()["code"] == "mesh.not-through-sidecar"


def test_a_sidecar_serves_only_its_own_app(mesh: Mesh) -> None:
    headers = {"dapr-app-id": "airtable-connector"}
    answer = httpx.get(f"http://127.0.0.1:{mesh.port(13500)}/api/v1/bases", headers=headers)
    assert answer.status_code == 401


def test_an_app_that_is_not_allowed_is_refused_by_the_callees_sidecar(mesh: Mesh) -> None:
    """The connector may call nobody: its sidecar's certificate is valid, the gateway's says no."""
    token = Credentials.load_or_create(mesh.run_dir).dapr_api_token("airtable-connector")
    answer = httpx.get(
        f"http://127.0.0.1:{mesh.port(13520)}/api/v1/why/last",
        headers={"dapr-app-id": "api-gateway", "dapr-api-token": token},
    )
    assert answer.status_code == 403
    assert answer.json()["errorCode"] == "ERR_DIRECT_INVOKE"
    assert "spiffe://public/ns/default/airtable-connector" in answer.json()["message"]


@pytest.mark.parametrize("key", [None, "pya_wrong", "Bearer", "pya_" + "x" * 4000])
def test_a_client_without_the_key_is_refused(mesh: Mesh, key: str | None) -> None:
    headers = {} if key is None else {"authorization": f"Bearer {key}"}
    answer = httpx.get(f"{mesh.address.url}/api/v1/bases", headers=headers)
    assert (answer.status_code, answer.json()["fault"]) == (401, "client")
    assert answer.json()["code"] in {"identity.missing-key", "identity.invalid-key"}


def test_no_secret_stands_on_a_command_line_or_in_a_log(mesh: Mesh) -> None:
    public_key = json.loads((mesh.run_dir / "secrets.json").read_text())["identity/public-key"]
    credentials = Credentials.load_or_create(mesh.run_dir)
    for app in ("api-gateway", "airtable-connector"):
        credentials.app_api_token(app)
        credentials.dapr_api_token(app)
    secrets = credentials.secret_values() - {public_key}
    lines = [" ".join(psutil.Process(pid).cmdline()) for pid in mesh.pids()]
    lines += [log.read_text(errors="replace") for log in (mesh.run_dir / "logs").glob("*.log")]
    assert len(secrets) > 5
    assert not [secret for secret in secrets if any(secret in line for line in lines)]
