"""Dapr's control plane on one machine: sentry (certificates), placement (actors), scheduler (jobs).

Everything is told to listen on 127.0.0.1. Dapr 1.18.3 does not obey for the health ports and for sentry's
metrics, which can be read from other machines; they answer with a status and with counters.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path

from . import loopback
from .operating_system import program_environment
from .process import Spec

TRUST_DOMAIN = "localhost"
_LOOPBACK = "127.0.0.1"

SENTRY_PORTS = {"grpc": 8201, "health": 8211, "metrics": 8212}
PLACEMENT_PORTS = {"grpc": 8205, "health": 8215, "metrics": 8216, "raft": 8217}
SCHEDULER_PORTS = {
    "grpc": 8206,
    "health": 8218,
    "metrics": 8219,
    "etcd-client": 8220,
    "etcd-peer": 8221,
}
# The official CLI looks for these three, whatever we would like. Linux takes the ports of outgoing connections from
# 32768 upwards, so any port there may be in use by chance: a mesh that the CLI does not run has none of them.
DAPRS_OWN = {8201: 50001, 8205: 50005, 8206: 50006}

_EMPTY_CONFIGURATION = """\
apiVersion: dapr.io/v1alpha1
kind: Configuration
metadata:
  name: sentry
spec: {}
"""


def sentry(run_dir: Path, offset: int, binaries: Path) -> Spec:
    """The certificate authority. Its root and issuer are made at the first start and kept in `<run_dir>/ca`.

    `binaries` is the folder that `dapr_binaries.obtain` returned, as for the two functions below.
    """
    authority = _authority(run_dir)
    authority.mkdir(mode=0o700, parents=True, exist_ok=True)  # sentry exits if it is missing
    # Not beside the certificates: sentry watches their folder and starts anew whenever something changes in it.
    configuration = _temporary(run_dir, "sentry") / "sentry.yaml"
    configuration.write_text(_EMPTY_CONFIGURATION, encoding="utf-8")
    ports = shifted(SENTRY_PORTS, offset)
    arguments = (
        f"--config={configuration}",
        f"--issuer-credentials={authority}",
        f"--trust-domain={TRUST_DOMAIN}",
    )
    return _spec("sentry", run_dir, binaries, ports, arguments)


def placement(run_dir: Path, offset: int, binaries: Path) -> Spec:
    """Tells sidecars which of them holds an actor. Keeps nothing: its table comes from the sidecars."""
    ports = shifted(PLACEMENT_PORTS, offset)
    arguments = (
        "--id=dapr-placement-0",
        f"--initial-cluster=dapr-placement-0={_LOOPBACK}:{ports['raft']}",
        *_mutual_tls(run_dir, offset),
    )
    return _spec("placement", run_dir, binaries, ports, arguments, needs=("sentry",))


def scheduler(run_dir: Path, offset: int, binaries: Path) -> Spec:
    """Jobs, actor reminders and workflow steps, kept in `<run_dir>/scheduler`.

    It is never killed hard: a lease in its cron library would then stop every workflow step and job for
    about 23 s. Without its data, workflows in flight would stay stuck for ever.
    """
    ports = shifted(SCHEDULER_PORTS, offset)
    data = run_dir.absolute() / "scheduler" / "etcd"  # relative paths would follow the working directory
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    arguments = (
        "--id=dapr-scheduler-server-0",
        f"--override-broadcast-host-port={_LOOPBACK}:{ports['grpc']}",
        f"--etcd-data-dir={data}",
        f"--etcd-client-port={ports['etcd-client']}",
        f"--etcd-client-listen-address={_LOOPBACK}",
        f"--etcd-initial-cluster=dapr-scheduler-server-0=http://localhost:{ports['etcd-peer']}",
        *_mutual_tls(run_dir, offset),
    )
    return _spec("scheduler", run_dir, binaries, ports, arguments, needs=("sentry",), grace=None)


def trust_anchors(run_dir: Path) -> str:
    """The root certificate (PEM) that sidecars need in DAPR_TRUST_ANCHORS; it exists once sentry is ready."""
    return (_authority(run_dir) / "ca.crt").read_text(encoding="ascii")


def _authority(run_dir: Path) -> Path:
    return run_dir.absolute() / "ca"


def _temporary(run_dir: Path, name: str) -> Path:
    """Each writes its certificates under TMPDIR with fixed names, so each needs its own."""
    temporary = run_dir.absolute() / "tmp" / name
    temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
    return temporary


def shifted(ports: dict[str, int], offset: int) -> dict[str, int]:
    """The ports of a program in the mesh at `offset`."""
    return {name: port + offset if offset else DAPRS_OWN.get(port, port) for name, port in ports.items()}


def _mutual_tls(run_dir: Path, offset: int) -> tuple[str, ...]:
    return (
        "--tls-enabled",
        f"--trust-anchors-file={_authority(run_dir) / 'ca.crt'}",
        f"--trust-domain={TRUST_DOMAIN}",
        f"--sentry-address=localhost:{shifted(SENTRY_PORTS, offset)['grpc']}",
    )


def _spec(
    name: str,
    run_dir: Path,
    binaries: Path,
    ports: dict[str, int],
    arguments: tuple[str, ...],
    *,
    needs: tuple[str, ...] = (),
    grace: float | None = 5.0,
) -> Spec:
    temporary = _temporary(run_dir, name)
    command = (
        str(binaries / ".dapr" / "bin" / name),
        "--mode=standalone",
        f"--port={ports['grpc']}",
        f"--listen-address={_LOOPBACK}",
        f"--healthz-port={ports['health']}",
        f"--healthz-listen-address={_LOOPBACK}",
        f"--metrics-port={ports['metrics']}",
        f"--metrics-listen-address={_LOOPBACK}",
        "--log-as-json",
        *arguments,
    )
    return Spec(
        name=name,
        kind="control",
        command=command,
        environment=program_environment(temporary, temporary) | {"NAMESPACE": "default"},
        ports=ports,
        needs=needs,
        ready=_healthy(ports["health"]),
        grace=grace,
        working_directory=temporary,
    )


def _healthy(port: int) -> Callable[[], Awaitable[bool]]:
    async def ready() -> bool:
        answer = await loopback.get(port, "/healthz")
        return answer is not None and answer.status == 200

    return ready
