"""From one app of dapr.yaml to the two processes it needs: the app and its sidecar; and the sandbox."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from . import loopback, ports
from .app_environment import is_setting, shared_environment
from .children import ZYGOTE, python_module
from .control_plane import PLACEMENT_PORTS, SCHEDULER_PORTS, SENTRY_PORTS, TRUST_DOMAIN, shifted
from .credentials import Credentials
from .operating_system import program_environment
from .plan import App, Common, Plan
from .process import Spec
from .run_dir import RunDirectory

# What an app may need of the person's shell to reach the outside, and nothing else.
_OUTSIDE = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")
APP_GRACE, SIDECAR_GRACE = 7.0, 8.0  # s; an app drains for 5, a sidecar too

# Imported once in the zygote: what the apps and the sandbox stand on, and below, what every app imports late.
SHARED_MODULES = (
    "fastapi",
    "fastapi.openapi.utils",
    "uvicorn",
    "uvicorn.logging",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto",
    "uvicorn.lifespan.on",
    "httptools",
    "uvloop",
    "aiohttp",
    "pydantic",
    "pydantic_settings",
    "orjson",
    "structlog",
    "prometheus_client",
    "jwt",
    "cryptography.hazmat.primitives.asymmetric.ed25519",
    "cryptography.hazmat.primitives.serialization",
    "yaml",
    "sqlalchemy.ext.asyncio",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "alembic.script",
    "alembic.runtime.environment",
    "lark",
    "opentelemetry.exporter.otlp.proto.common.trace_encoder",
    "opentelemetry.sdk.trace",
    "starlette.applications",
    "starlette.routing",
    "starlette.responses",
    "difflib",
    "encodings.idna",
    "fastapi.telemetry._runtime",
    "prometheus_client.core",
    "pydantic.v1",
    "uvicorn.protocols.websockets.auto",
)
# Ours, found by their places, because this folder may not know them. Each app's modules too, for all apps: what a
# process imports by itself it shares with nobody, and it copies the pages of what that refers to.
_SHARED_FILES = ("chassis/*.py", "contracts/**/*.py", "apps/**/*.py")


def sidecar_name(app_name: str) -> str:
    return f"{app_name}.sidecar"


def replica_name(app_id: str, replica: int) -> str:
    return app_id if replica == 0 else f"{app_id}@{replica}"


class Specs:
    """Describes the apps, sidecars and helpers of one run."""

    def __init__(
        self,
        root: Path,
        run: RunDirectory,
        offset: int,
        credentials: Credentials,
        binaries: Path,
        settings: Mapping[str, str],
        plan: Plan,
        through: str = "",
    ) -> None:
        """`settings` are the environment variables meant for apps, of the shell and of `--set`; `plan` has the apps of
        the run; `through` is the module that runs them, if any."""
        self._root = root
        self._run = run
        self._offset = offset
        self._credentials = credentials
        self._daprd = str(binaries / ".dapr" / "bin" / "daprd")
        self._settings = settings
        self._shared = shared_environment(run, plan, offset)
        self._through = ("-m", through) if through else ("-m",)

    def app(self, app: App, replica: int = 0) -> Spec:
        """The app's process: forked from the zygote, ready when it answers through its own sidecar."""
        numbers = ports.AppPorts.of(app.port, replica, self._offset)
        token = self._credentials.dapr_api_token(app.app_id)
        name = replica_name(app.app_id, replica)
        headers = {"dapr-app-id": app.app_id, "dapr-api-token": token, "x-timeout-ms": "900"}

        async def ready() -> bool:
            answer = await loopback.get(numbers.dapr_http, "/readyz", headers)
            return answer is not None and answer.status == 200

        environment = {
            **program_environment(Path.home()),
            **{name: value for name, value in self._settings.items() if name in _OUTSIDE or name.lower() in _OUTSIDE},
            **{name: value for name, value in self._settings.items() if is_setting(name, app)},
            **app.env,
            "LOG_LEVEL": self._settings.get("LOG_LEVEL", "info"),
            "APP_ID": app.app_id,
            "APP_HOST": "127.0.0.1",
            "APP_PORT": str(numbers.app),
            "TELEMETRY_PORT": str(numbers.telemetry),
            "DAPR_HTTP_PORT": str(numbers.dapr_http),
            "DAPR_GRPC_PORT": str(numbers.dapr_grpc),
            "APP_API_TOKEN": self._credentials.app_api_token(app.app_id),
            "DAPR_API_TOKEN": token,
            **self._shared,
        }
        return Spec(
            name=name,
            kind="app",
            command=self._command(app),
            environment=environment,
            ports=numbers.of_app(),
            app_id=app.app_id,
            replica=replica,
            needs=(ZYGOTE,) if python_module(app.command) else (),
            ready=ready,
            grace=APP_GRACE,
            working_directory=self._root,
        )

    def _command(self, app: App) -> tuple[str, ...]:
        program, *words = app.command
        return (program, *(self._through if words[:1] == ["-m"] else words[:1]), *words[1:])

    def sidecar(self, app: App, common: Common, trust_anchors: str, needs: tuple[str, ...], replica: int = 0) -> Spec:
        """The app's daprd. `trust_anchors` is sentry's root certificate (PEM)."""
        numbers = ports.AppPorts.of(app.port, replica, self._offset)
        token = self._credentials.dapr_api_token(app.app_id)

        async def ready() -> bool:
            # Not /v1.0/healthz: that one waits for the app, which waits for this.
            answer = await loopback.get(numbers.dapr_http, "/v1.0/healthz/outbound", {"dapr-api-token": token})
            return answer is not None and answer.status == 204

        return Spec(
            name=sidecar_name(replica_name(app.app_id, replica)),
            kind="sidecar",
            command=(self._daprd, *self._flags(app, common, numbers)),
            environment={
                **program_environment(self._run.path),
                "DAPR_TRUST_ANCHORS": trust_anchors,
                "NAMESPACE": "default",
                "DAPR_HOST_IP": "127.0.0.1",
                "APP_API_TOKEN": self._credentials.app_api_token(app.app_id),
                "DAPR_API_TOKEN": token,
                "PLATFORM_RUN_DIR": str(self._run.path),
            },
            ports=numbers.of_sidecar(),
            app_id=app.app_id,
            replica=replica,
            needs=needs,
            ready=ready,
            grace=SIDECAR_GRACE,
            working_directory=self._root,
        )

    def _flags(self, app: App, common: Common, numbers: ports.AppPorts) -> list[str]:
        health = [
            "--enable-app-health-check",
            f"--app-health-check-path={common.app_health_check_path}",
            f"--app-health-probe-interval={common.app_health_probe_interval}",
            f"--app-health-threshold={common.app_health_threshold}",
        ]
        own = self._run.configuration(app.app_id)
        return [
            f"--app-id={app.app_id}",
            f"--app-port={numbers.app}",
            f"--dapr-http-port={numbers.dapr_http}",
            f"--dapr-grpc-port={numbers.dapr_grpc}",
            f"--dapr-internal-grpc-port={numbers.dapr_internal_grpc}",
            f"--metrics-port={numbers.dapr_metrics}",
            f"--dapr-listen-addresses={common.api_listen_addresses}",
            "--dapr-internal-grpc-listen-address=127.0.0.1",
            "--metrics-listen-address=127.0.0.1",
            f"--config={own if own.exists() else self._root / app.configuration}",
            f"--resources-path={self._run.components}",
            "--enable-mtls",
            f"--sentry-address=localhost:{shifted(SENTRY_PORTS, self._offset)['grpc']}",
            f"--control-plane-trust-domain={TRUST_DOMAIN}",
            f"--placement-host-address=127.0.0.1:{shifted(PLACEMENT_PORTS, self._offset)['grpc']}",
            f"--scheduler-host-address=127.0.0.1:{shifted(SCHEDULER_PORTS, self._offset)['grpc']}",
            f"--read-buffer-size={common.read_buffer_size}",
            f"--max-body-size={common.max_body_size}",
            f"--log-level={common.log_level}",
            "--log-as-json",
            *(health if common.enable_app_health_check else []),
        ]

    def sandbox(self) -> Spec:
        """The simulated Airtable, with its limits on."""
        port, admin = ports.SANDBOX + self._offset, ports.SANDBOX_ADMIN + self._offset

        async def ready() -> bool:
            # Any answer will do: without a token it is a refusal.
            return await loopback.get(port, "/v0/meta/whoami") is not None

        return Spec(
            name="airtable-sandbox",
            kind="sandbox",
            command=(".venv/bin/python", "-m", "sandbox.airtable", f"--port={port}", f"--admin-port={admin}"),
            environment=program_environment(self._run.path),
            ports={"http": port, "admin": admin},
            needs=(ZYGOTE,),
            ready=ready,
            working_directory=self._root,
        )

    def zygote(self, serves: Callable[[], bool]) -> Spec:
        """What Python processes are forked from; itself it needs nothing."""

        async def ready() -> bool:
            return serves()

        return Spec(
            name=ZYGOTE,
            kind="control",
            command=(sys.executable, "-m", "local.zygote", *SHARED_MODULES, *own_shared_modules(self._root)),
            environment=program_environment(Path.home()),
            ready=ready,
            working_directory=self._root,
        )


def own_shared_modules(root: Path) -> list[str]:
    """The modules of the apps and of what they stand on, programs and migrations apart."""
    files = (path.relative_to(root) for pattern in _SHARED_FILES for path in sorted(root.glob(pattern)))
    return [
        ".".join((path.parent if path.stem == "__init__" else path.with_suffix("")).parts)
        for path in files
        if path.stem != "__main__" and "migrations" not in path.parts
    ]
