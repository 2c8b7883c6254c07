"""dapr.yaml, read strictly: the official CLI silently ignores a mistyped key, we name the line."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from . import ports
from .control_plane import PLACEMENT_PORTS, SCHEDULER_PORTS, SENTRY_PORTS
from .errors import SetupError
from .yaml_lines import Located, load

AppId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=53)]
Port = Annotated[int, Field(ge=1024, le=65535)]

# The data tier's ports are written out: importing it would cost every command a database driver's start-up.
_TAKEN = {
    ports.SANDBOX: "airtable-sandbox",
    ports.SANDBOX_ADMIN: "airtable-sandbox",
    16379: "valkey",
    15432: "postgres",
    16222: "nats",
    16192: "kafka",
    16193: "kafka",
}
_TAKEN |= dict.fromkeys(SENTRY_PORTS.values(), "sentry") | dict.fromkeys(PLACEMENT_PORTS.values(), "placement")
_TAKEN |= dict.fromkeys(SCHEDULER_PORTS.values(), "scheduler")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Common(_Strict):
    """What all sidecars share, in the official run file's words."""

    resources_paths: list[str] = Field(alias="resourcesPaths", min_length=1)
    api_listen_addresses: str = Field("127.0.0.1", alias="apiListenAddresses")
    log_level: Literal["debug", "info", "warn", "error"] = Field("warn", alias="logLevel")
    read_buffer_size: str = Field("64Ki", alias="readBufferSize")
    max_body_size: str = Field("16Mi", alias="maxBodySize")
    enable_app_health_check: bool = Field(True, alias="enableAppHealthCheck")
    app_health_check_path: str = Field("/healthz", alias="appHealthCheckPath", pattern="^/")
    app_health_probe_interval: int = Field(1, alias="appHealthProbeInterval", ge=1)
    app_health_threshold: int = Field(3, alias="appHealthThreshold", ge=1)


class App(_Strict):
    """One app: its command, its port and the sidecar's."""

    app_id: AppId = Field(alias="appID")
    directory: Literal["."] = Field(alias="appDirPath")
    port: Port = Field(alias="appPort")
    dapr_http_port: Port = Field(alias="daprHTTPPort")
    dapr_grpc_port: Port = Field(alias="daprGRPCPort")
    dapr_internal_grpc_port: Port = Field(alias="daprInternalGRPCPort")
    metrics_port: Port = Field(alias="metricsPort")
    configuration: str = Field(alias="configFilePath")
    command: list[str] = Field(min_length=1)
    env: dict[str, str] = Field(default_factory=dict)

    @property
    def setting_prefix(self) -> str:
        """What the names of this app's settings begin with: AIRTABLE_CONNECTOR_."""
        return self.app_id.upper().replace("-", "_") + "_"


class Plan(_Strict):
    """The run file: what is common to all sidecars, and the apps in the order of the file."""

    version: Literal[1]
    name: str | None = None
    common: Common
    apps: list[App] = Field(min_length=1)

    @property
    def app_ids(self) -> list[str]:
        return [app.app_id for app in self.apps]

    def app(self, app_id: str) -> App:
        """Raises SetupError for an unknown app-id and names the known ones."""
        for app in self.apps:
            if app.app_id == app_id:
                return app
        raise SetupError(f"there is no app {app_id!r}; there are {', '.join(self.app_ids)}")

    def part(self, app_ids: Iterable[str] | None) -> "Plan":
        """The plan with only these apps, all of them for None."""
        if app_ids is None:
            return self
        chosen = {self.app(app_id).app_id for app_id in app_ids}
        return self.model_copy(update={"apps": [app for app in self.apps if app.app_id in chosen]})


def load_plan(path: Path) -> Plan:
    """Read and check a run file. Raises SetupError with `file:line: what is wrong`, one line each."""
    try:
        document = load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SetupError(f"{path.name}: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise SetupError(f"{path.name}:{_yaml_line(error)}: {_yaml_problem(error)}") from None
    problems = [f"{path.name}:{line}: the key {key!r} appears twice" for key, line in document.doubled_keys]
    try:
        plan = Plan.model_validate(document.value)
    except ValidationError as error:
        problems += [_said(path, document, one["loc"], one["msg"], one["type"]) for one in error.errors()]
        raise SetupError("\n".join(problems)) from None
    problems += _inconsistencies(path, document, plan)
    if problems:
        raise SetupError("\n".join(problems))
    return plan


def _inconsistencies(path: Path, document: Located, plan: Plan) -> list[str]:
    problems = []
    names: dict[str, int] = {}
    taken = dict(_TAKEN)
    for index, app in enumerate(plan.apps):
        expected = ports.AppPorts.of(app.port)
        derived = {
            "daprHTTPPort": (app.dapr_http_port, expected.dapr_http),
            "daprGRPCPort": (app.dapr_grpc_port, expected.dapr_grpc),
            "daprInternalGRPCPort": (app.dapr_internal_grpc_port, expected.dapr_internal_grpc),
            "metricsPort": (app.metrics_port, expected.dapr_metrics),
        }
        for key, (given, right) in derived.items():
            if given != right:
                line = document.line(("apps", index, key))
                problems.append(f"{path.name}:{line}: {key} is {given}; appPort {app.port} makes it {right}")
        first = names.setdefault(app.app_id, index)
        if first != index:
            line = document.line(("apps", index, "appID"))
            problems.append(f"{path.name}:{line}: {app.app_id} is already in line {document.line(('apps', first))}")
        for port in (*expected.of_app().values(), *expected.of_sidecar().values()):
            other = taken.setdefault(port, app.app_id)
            if other != app.app_id:
                line = document.line(("apps", index, "appPort"))
                problems.append(f"{path.name}:{line}: port {port} of {app.app_id} is also used by {other}")
    return problems


def _said(path: Path, document: Located, where: Sequence[Any], message: str, kind: str) -> str:
    field = ".".join(str(part) for part in where)
    wording = {"extra_forbidden": "unknown key", "missing": "is missing"}.get(kind, message)
    return f"{path.name}:{document.line(tuple(where))}: {field}: {wording}"


def _yaml_line(error: yaml.YAMLError) -> int:
    mark = getattr(error, "problem_mark", None)
    return mark.line + 1 if mark else 1


def _yaml_problem(error: yaml.YAMLError) -> str:
    return re.sub(r"\s+", " ", str(getattr(error, "problem", None) or error))
