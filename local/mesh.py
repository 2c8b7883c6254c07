"""One mesh while it runs: brings everything up in the order of needs, scales, goes down."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from . import abilities, control_plane, data_tier, log_files, ports, rendering
from .brokers import Bus
from .children import Children
from .credentials import WORKFLOW_STORE, Credentials
from .errors import SetupError
from .options import ROOT, Options
from .plan import App
from .process import Spec
from .run_dir import Entry
from .specs import Specs, replica_name, sidecar_name
from .supervisor import NotReadyError, Supervisor

READY_WITHIN = 60.0  # s
MOST_REPLICAS = 9  # beyond, their ports would meet those of a mesh with --port-offset 10000
_LOG_CHECK = 10.0  # s


class Mesh:
    """The processes of one `up` or `infra`."""

    def __init__(
        self, options: Options, credentials: Credentials, binaries: Path, changed: Callable[[Entry], None]
    ) -> None:
        """Must be made on the running event loop of the main thread."""
        self.options = options
        self.credentials = credentials
        run = options.run
        settings, through = options.settings, options.through
        self._specs = Specs(ROOT, run, options.offset, credentials, binaries, settings, options.plan, through)
        self._binaries = binaries
        self._bus = Bus.read(ROOT)
        self._children = Children(run.logs, ROOT)
        self.supervisor = Supervisor(self._children, changed, credentials.secret_values)
        self._housekeeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Return when everything is ready. Raises NotReadyError for what is not, SetupError for what cannot be."""
        options, run = self.options, self.options.run
        self._housekeeping = asyncio.create_task(self._bound_logs())
        forking = self._specs.zygote(self._children.zygote_serves)
        helpers = [] if options.infra_only and options.real_airtable else [forking]
        if not options.real_airtable:
            helpers.append(self._specs.sandbox())
        control = [make(run.path, options.offset, self._binaries) for make in CONTROL_PLANE]
        self.supervisor.add(*helpers, *control)

        self.credentials.set_service_keys(options.app_ids)
        databases = [*options.app_ids]
        if abilities.having(ROOT, options.app_ids, "workflow"):
            databases.append(WORKFLOW_STORE)
        await data_tier.prepare(run.path, options.offset, self.credentials, databases, options.environment)
        await self._bus.prepare(run.path, options.offset, self.credentials, options.environment)
        deadline = time.monotonic() + READY_WITHIN  # what was prepared, a first database too, had its own time
        rendering.write_components(ROOT, run)
        rendering.write_configurations(ROOT, options)
        data = data_servers(options, self.credentials, self._bus)
        self.supervisor.add(*data)
        names = [spec.name for spec in (*helpers, *control, *data)]
        if not options.infra_only:
            await self._until_ready(["sentry"], deadline)
            self.supervisor.add(*(self._sidecar(app, 0) for app in options.plan.apps))
        await self._until_ready([spec.name for spec in data], deadline)
        await data_tier.after_start(run.path, options.offset, self.credentials, databases, options.environment)
        if not options.infra_only:
            self.supervisor.add(*(self._specs.app(app) for app in options.plan.apps))
            names += [name for app in options.plan.apps for name in (app.app_id, sidecar_name(app.app_id))]
        await self._until_ready(names, deadline)

    async def scale(self, app_id: str, count: int) -> list[str]:
        """Run `count` replicas of the app; the names of those that came or went. Raises SetupError."""
        app = self.options.plan.app(app_id)
        if self.options.infra_only:
            raise SetupError("only the infrastructure runs here: start the apps with `make up`")
        if not 1 <= count <= MOST_REPLICAS:
            raise SetupError(f"{app_id} can have 1 to {MOST_REPLICAS} replicas, not {count}")
        running = [entry.replica for entry in self.supervisor.entries if entry.app_id == app_id and entry.kind == "app"]
        new = [replica for replica in range(count) if replica not in running]
        ports.require_free(
            {
                port: f"{spec.name} {purpose}"
                for replica in new
                for spec in self._pair(app, replica)
                for purpose, port in spec.ports.items()
            }
        )
        for replica in new:
            self.supervisor.add(*self._pair(app, replica))
        gone = sorted((replica for replica in running if replica >= count), reverse=True)
        for replica in gone:
            name = replica_name(app_id, replica)
            # The sidecar first: it takes itself off the list, so that no caller finds the app behind it dead.
            await self.supervisor.remove(sidecar_name(name), name)
        names = [replica_name(app_id, replica) for replica in new]
        await self._until_ready(names, time.monotonic() + READY_WITHIN)
        return names + [replica_name(app_id, replica) for replica in gone]

    async def restart(self, name: str) -> list[str]:
        """End an app with its sidecar, each replica, or another process, and start it again; the names of what was."""
        entries = [entry for entry in self.supervisor.entries if name in (entry.app_id, entry.name)]
        if not entries:
            raise SetupError(f"nothing here is called {name}: `make status` shows what runs")
        names = [entry.name for entry in entries]
        await self.supervisor.restart(*names)
        await self._until_ready(names, time.monotonic() + READY_WITHIN)
        return names

    async def stop(self) -> list[Entry]:
        """Stop everything in order; what could not be stopped, which should be nothing."""
        if self._housekeeping:
            self._housekeeping.cancel()
        left = await self.supervisor.stop()
        self._children.close()
        return left

    def _pair(self, app: App, replica: int) -> tuple[Spec, Spec]:
        return self._specs.app(app, replica), self._sidecar(app, replica)

    def _sidecar(self, app: App, replica: int) -> Spec:
        data = [spec.name for spec in data_servers(self.options, self.credentials, self._bus)]
        own = [name for name in data if name != "postgres"]  # no component is in it that could not wait
        anchors = control_plane.trust_anchors(self.options.run.path)
        return self._specs.sidecar(app, self.options.plan.common, anchors, ("sentry", *own), replica)

    async def _until_ready(self, names: list[str], deadline: float) -> None:
        await self.supervisor.until_ready(names, max(deadline - time.monotonic(), 0.1))

    async def _bound_logs(self) -> None:
        while True:
            await asyncio.sleep(_LOG_CHECK)
            log_files.bound(self.options.run.logs)


CONTROL_PLANE = (control_plane.sentry, control_plane.placement, control_plane.scheduler)


def data_servers(options: Options, credentials: Credentials, bus: Bus) -> list[Spec]:
    """The own servers of the data tier and the bus."""
    run, offset = options.run.path, options.offset
    own = data_tier.specs(run, offset, credentials, options.environment)
    return own + bus.own_server(run, offset, credentials, options.environment)


def planned_ports(options: Options, credentials: Credentials) -> dict[int, str]:
    """Every port this run will listen on, with its purpose."""
    run = options.run.path
    specs = [make(run, options.offset, Path()) for make in CONTROL_PLANE]
    specs += data_servers(options, credentials, Bus.read(ROOT))
    wanted = {port: f"{spec.name} {purpose}" for spec in specs for purpose, port in spec.ports.items()}
    if not options.real_airtable:
        wanted[ports.SANDBOX + options.offset] = "airtable-sandbox"
        wanted[ports.SANDBOX_ADMIN + options.offset] = "airtable-sandbox admin"
    for app in options.plan.apps:  # under infra too: `dapr run` will want them
        numbers = ports.AppPorts.of(app.port, 0, options.offset)
        wanted |= {port: f"{app.app_id} {purpose}" for purpose, port in numbers.of_app().items()}
        wanted |= {port: f"{app.app_id}.sidecar {purpose}" for purpose, port in numbers.of_sidecar().items()}
    return wanted


def explain(error: NotReadyError, mesh: Mesh) -> list[str]:
    """One line for each process that is not ready: its state, its last words, where its log is."""
    entries = {entry.name: entry for entry in mesh.supervisor.entries}
    lines = []
    for name in error.names:
        entry = entries[name]
        ended = entry.last_exit or {}
        reason = f": {ended['line']}" if ended.get("line") else ""
        lines.append(f"{name} is not ready ({entry.state}){reason}")
        if entry.state != "failed":
            lines.append(f"  its log: {mesh.options.run.logs / (name + '.log')}")
    return lines
