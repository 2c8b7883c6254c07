"""Files made for a run: components with this run's secrets, and environments that a shell can read."""

import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from local import rendering
from local.credentials import Credentials
from local.options import ROOT, Options, choose
from local.run_dir import RunDirectory


@pytest.fixture
def options(tmp_path: Path) -> Options:
    chosen = choose(tmp_path / "run", 10_000, environment={"AIRTABLE_CONNECTOR_READ_CACHE_TTL": "it's 5"})
    chosen.run.prepare()
    return chosen


@pytest.fixture
def credentials(options: Options) -> Credentials:
    return Credentials.load_or_create(options.run.path)


def test_only_the_path_of_the_secrets_differs_from_the_repositorys_components(options: Options) -> None:
    rendering.write_components(ROOT, options.run)
    for source in (ROOT / "components").glob("*.yaml"):
        ours, theirs = (yaml.safe_load(path.read_text()) for path in (options.run.components / source.name, source))
        if source.name == "secrets.yaml":
            assert ours["spec"]["metadata"].pop() == {
                "name": "secretsFile",
                "value": str(options.run.path / "secrets.json"),
            }
            assert theirs["spec"]["metadata"].pop() == {"name": "secretsFile", "value": ".run/secrets.json"}
        assert ours == theirs


def test_the_connectors_sidecar_may_read_the_tokens_of_this_run_and_no_more(tmp_path: Path) -> None:
    tokens = {"AIRTABLE_TOKEN": "pat.real", "AIRTABLE_TOKEN_SALES": "pat.sales"}
    options = choose(tmp_path / "run", 0, environment=tokens)
    options.run.prepare()
    rendering.write_configurations(ROOT, options)
    ours = yaml.safe_load(options.run.configuration("airtable-connector").read_text())
    theirs = yaml.safe_load((ROOT / "config" / "dapr" / "airtable-connector.yaml").read_text())
    more = ours["spec"]["secrets"]["scopes"][0]["allowedSecrets"].pop()
    assert (more, ours) == ("airtable/local/sales", theirs)
    rendering.write_configurations(ROOT, choose(tmp_path / "run", 0, environment={}))
    assert not options.run.configuration("airtable-connector").exists()


def test_no_address_or_password_stands_in_a_component() -> None:
    for path in (ROOT / "components").glob("*.yaml"):
        for item in yaml.safe_load(path.read_text())["spec"].get("metadata", []):
            if "secretKeyRef" in item or item["name"] == "secretsFile":
                continue
            assert not re.search("host|user|password|url|connection", item["name"], re.IGNORECASE)
            assert not re.search(r"://|:\d|@", item["value"])


def test_a_component_that_was_removed_is_not_kept(options: Options) -> None:
    options.run.components.mkdir()
    (options.run.components / "old.yaml").write_text("")
    rendering.write_components(ROOT, options.run)
    assert not (options.run.components / "old.yaml").exists()


def sourced(path: Path, *names: str) -> list[str]:
    """What a shell that reads the file, and a program it starts, see."""
    program = "import os, sys; print('\\x00'.join(os.environ.get(n, '') for n in sys.argv[1:]))"
    command = f". {path} && {sys.executable} -c {program!r} {' '.join(names)}"
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "DAPR_API_TOKEN": "of another mesh"}
    done = subprocess.run(["/bin/sh", "-c", command], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.rstrip("\n").split("\x00")


def test_any_client_can_be_pointed_at_the_platform(options: Options, credentials: Credentials) -> None:
    rendering.write_client_file(options, credentials, 8000)
    path = options.run.client_file
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sourced(path, "PLATFORM_URL", "PLATFORM_KEY", "SANDBOX_URL", "SANDBOX_TOKEN", "SANDBOX_ADMIN_URL") == [
        "http://127.0.0.1:18000",
        credentials.development_key,
        "http://127.0.0.1:18100",
        credentials.sandbox_airtable_token,
        "http://127.0.0.1:18101",
    ]


def test_with_the_real_airtable_no_sandbox_is_named(tmp_path: Path) -> None:
    options = choose(tmp_path / "run", 0, environment={"AIRTABLE_TOKEN": "pat.real"})
    options.run.prepare()
    rendering.write_client_file(options, Credentials.load_or_create(options.run.path), 8000)
    assert "SANDBOX" not in options.run.client_file.read_text()
    assert "pat.real" not in options.run.client_file.read_text()


def test_the_official_cli_gets_what_daprd_needs_and_no_api_token(
    options: Options, credentials: Credentials, tmp_path: Path
) -> None:
    authority = options.run.path / "ca"
    authority.mkdir()
    (authority / "ca.crt").write_text("-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n")
    rendering.write_environment_file(options, credentials, tmp_path / "dapr")
    path = options.run.environment_file
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    names = "DAPR_TRUST_ANCHORS NAMESPACE DAPR_HOST_IP APP_API_TOKEN DAPR_API_TOKEN PLATFORM_RUN_DIR DAPR_RUNTIME_PATH"
    assert sourced(path, *names.split(), "AIRTABLE_CONNECTOR_READ_CACHE_TTL") == [
        "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n",
        "default",
        "127.0.0.1",
        credentials.shared_app_api_token,
        "",
        str(options.run.path),
        str(tmp_path / "dapr"),
        "it's 5",
    ]
    assert sourced(path, "PATH")[0].startswith(f"{tmp_path}/dapr/.dapr/bin:")


def test_a_second_mesh_has_its_own_components(tmp_path: Path) -> None:
    first, second = RunDirectory(tmp_path / "a"), RunDirectory(tmp_path / "b")
    for run in (first, second):
        run.prepare()
        rendering.write_components(ROOT, run)
    texts = [(run.components / "secrets.yaml").read_text() for run in (first, second)]
    assert texts[0] != texts[1]
