"""Files of a run that are made from the repository's or from what is running: components, env, client.env."""

import os
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path

import yaml

from . import control_plane, ports
from .app_environment import shared_environment
from .credentials import Credentials, write_private
from .options import CONNECTOR, Options
from .run_dir import RunDirectory


def write_components(root: Path, run: RunDirectory) -> None:
    """Copy `components/` into the run directory; only the path of the secrets file differs.

    Paths in components are not expanded by Dapr, and this run directory may be another than the usual one.
    """
    shutil.rmtree(run.components, ignore_errors=True)
    run.components.mkdir(mode=0o700)
    for source in sorted((root / "components").glob("*.yaml")):
        documents = [document for document in yaml.safe_load_all(source.read_text(encoding="utf-8")) if document]
        for document in documents:
            for item in document.get("spec", {}).get("metadata") or []:
                if item.get("name") == "secretsFile":
                    item["value"] = str(run.path / "secrets.json")
        text = yaml.safe_dump_all(documents, sort_keys=False)
        (run.components / source.name).write_text(text, encoding="utf-8")


def write_configurations(root: Path, options: Options) -> None:
    """Let the connector's sidecar read the tokens of further connections, of which the repository's file knows none."""
    run = options.run
    shutil.rmtree(run.configuration("").parent, ignore_errors=True)
    if options.connections == ("default",):
        return
    for app in options.plan.apps:
        if app.app_id == CONNECTOR:
            document = yaml.safe_load((root / app.configuration).read_text(encoding="utf-8"))
            (scope,) = document["spec"]["secrets"]["scopes"]
            scope["allowedSecrets"] += [f"airtable/local/{name}" for name in options.connections[1:]]
            run.configuration(CONNECTOR).parent.mkdir(mode=0o700)
            run.configuration(CONNECTOR).write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def write_client_file(options: Options, credentials: Credentials, gateway_port: int) -> None:
    """client.env: what any client needs to be pointed at this platform."""
    values = {
        "PLATFORM_URL": f"http://127.0.0.1:{gateway_port + options.offset}",
        "PLATFORM_KEY": credentials.development_key,
    }
    if not options.real_airtable:
        values["SANDBOX_URL"] = f"http://127.0.0.1:{ports.SANDBOX + options.offset}"
        values["SANDBOX_TOKEN"] = credentials.sandbox_airtable_token
        values["SANDBOX_ADMIN_URL"] = f"http://127.0.0.1:{ports.SANDBOX_ADMIN + options.offset}"
    write_private(options.run.client_file, exports(values))


def write_environment_file(options: Options, credentials: Credentials, binaries: Path) -> None:
    """env: what `dapr run -f dapr.yaml` needs around it. Only daprd's own environment reaches daprd.

    DAPR_API_TOKEN is missing on purpose: the CLI itself sends none and could list nothing.
    """
    prefixes = tuple(app.setting_prefix for app in options.plan.apps)
    values = {
        "DAPR_RUNTIME_PATH": str(binaries),
        "DAPR_TRUST_ANCHORS": control_plane.trust_anchors(options.run.path),
        "DAPR_HOST_IP": "127.0.0.1",
        "NAMESPACE": "default",
        "APP_API_TOKEN": credentials.shared_app_api_token,
        "APP_HOST": "127.0.0.1",
        **shared_environment(options.run, options.plan, options.offset),
        "LOG_LEVEL": options.settings.get("LOG_LEVEL", "info"),
        **{name: value for name, value in options.settings.items() if name.startswith(prefixes)},
    }
    telemetry = [name for name in os.environ if name.startswith("OTEL_")]
    unset = f"unset DAPR_API_TOKEN {' '.join(telemetry)}".rstrip() + "\n"
    path = f'export PATH={shlex.quote(str(binaries / ".dapr" / "bin"))}:"$PATH"\n'
    write_private(options.run.environment_file, exports(values) + unset + path)


def exports(values: Mapping[str, str]) -> str:
    """Shell lines that export these variables."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in values.items())
