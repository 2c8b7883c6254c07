"""A sidecar's HTTP API, played in the test's own process and loop on a loopback port."""

import asyncio
import tempfile
from collections import defaultdict
from typing import Any
from urllib.parse import unquote

import orjson
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from .._principal import SERVICES_KEYS, Principal, issue, service
from ._audit import FakeAudit
from ._bus import FakeBus
from ._jobs import FakeJobs
from ._peers import FakePeer, handed_on
from ._store import FakeState
from ._workflows import FakeWorkflows

MAX_BODY = 16 * 1024 * 1024  # bytes, daprd's --max-body-size
TOKEN, APP_TOKEN = "sidecar-token", "app-token"


class _Peers(defaultdict[str, FakePeer]):
    def __missing__(self, app_id: str) -> FakePeer:
        peer = self[app_id] = FakePeer(app_id)
        return peer


class FakeDapr:
    """`peers["schema-service"]`, `secrets["airtable/local/default"]`, `state`, `bus`, `jobs`, `workflows`.

    Has a key pair of its own: `token()` is a principal every app in the test accepts. `async with FakeDapr() as dapr`.
    """

    def __init__(self) -> None:
        self.peers: dict[str, FakePeer] = _Peers()
        self.state = FakeState()
        self.bus = FakeBus(APP_TOKEN)
        self.jobs = FakeJobs(APP_TOKEN)
        self.workflows = FakeWorkflows()
        self.healthy = True  # what /v1.0/healthz/outbound says
        self.port = 0
        self._runner: web.ServerRunner | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        private, public = _key_pair()
        self.secrets = {"identity/signing-key": private, "identity/public-key": public, SERVICES_KEYS: "{}"}
        self.secrets_available = True
        self.audit = FakeAudit()  # what audit-service got
        self.peers["audit-service"].reacts(self.audit.answer)

    def settings(self) -> dict[str, Any]:
        """Keywords for an app's `Settings` that point it at this sidecar, with a run directory that goes with it."""
        self._folder = self._folder or tempfile.TemporaryDirectory(prefix="fake-dapr-")
        run_dir = tempfile.mkdtemp(dir=self._folder.name)
        # Nobody is at that gRPC port: the fake engine runs workflows itself, see `FakeWorkflows`.
        sidecar = {"dapr_http_port": self.port, "dapr_grpc_port": 1, "dapr_api_token": TOKEN}
        return {**sidecar, "app_api_token": APP_TOKEN, "platform_run_dir": run_dir}

    def token(
        self, user: str = "developer", tenant: str = "local", scopes: tuple[str, ...] = ("*",), lifetime: float = 300
    ) -> str:
        """An internal JWT, as the gateway would send it."""
        return issue(Principal(user, tenant, scopes), self.secrets["identity/signing-key"], lifetime=lifetime)

    def service_key(self, app_id: str) -> str:
        """The key an app signs with when it acts on its own, made when it is asked for."""
        if f"service-key/{app_id}" not in self.secrets:
            private, public = _key_pair()
            self.secrets[f"service-key/{app_id}"] = private
            known = orjson.loads(self.secrets[SERVICES_KEYS])
            self.secrets[SERVICES_KEYS] = orjson.dumps(known | {app_id: public}).decode()
        return self.secrets[f"service-key/{app_id}"]

    def headers_from(self, app_id: str, tenant: str = "local") -> dict[str, str]:
        """What a request carries that another app makes on its own."""
        token = issue(service(app_id, tenant), self.service_key(app_id))
        return {**self.headers(), "authorization": f"Bearer {token}", "dapr-caller-app-id": app_id}

    def headers(self) -> dict[str, str]:
        """What a request that came the right way carries."""
        return {"dapr-api-token": APP_TOKEN, "x-timeout-ms": "5000", "authorization": f"Bearer {self.token()}"}

    async def __aenter__(self) -> "FakeDapr":
        server = web.Server(self._answer, request_factory=_request, handler_cancellation=True, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=0.1)
        await self._runner.setup()
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.bus.close()
        if self._runner:
            await self._runner.cleanup()
        if self._folder:
            self._folder.cleanup()

    async def start(self) -> None:
        """Listen; after `stop`, on the same port again."""
        assert self._runner
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        assert site._server is not None
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Refuse connections, as a sidecar that was killed does."""
        assert self._runner
        for site in list(self._runner.sites):
            await site.stop()
        assert self._runner.server
        await self._runner.server.shutdown(0.1)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        body = b"".join([chunk async for chunk in request.content.iter_any()])  # read() would stop at 1 MiB
        app_id = request.headers.get("dapr-app-id")
        if request.path == "/v1.0/healthz/outbound":
            return web.Response(status=204 if self.healthy else 500)
        if request.headers.get("dapr-api-token") != TOKEN:
            return web.Response(status=401, text="invalid api token\n")
        if app_id:
            path = handed_on(request.raw_path)
            if path is None or len(body) > MAX_BODY:
                trouble = "stream too large" if path else "error invoking app channel: parse: invalid URL escape"
                message = f"failed to invoke, id: {app_id}, err: {trouble}"
                return web.json_response({"errorCode": "ERR_DIRECT_INVOKE", "message": message}, status=500)
            return await self.peers[app_id].react(request, body, path)
        path, _, query = request.raw_path.partition("?")
        parts = path.split("/")[2:]  # '', 'v1.0', building block, component, key
        match parts:
            case ["state", "state", *key]:
                return await self.state.answer(request, unquote("/".join(key)), body)
            case ["publish", "bus", topic]:
                return await self.bus.answer(unquote(topic), body)
            case ["jobs", name]:
                return self.jobs.answer(request.method, unquote(name), body)
            case ["workflows", "dapr", *rest]:
                return self.workflows.answer(request.method, rest, query, body)
            case ["secrets", "secrets", name]:
                return self._secret(unquote(name))
        return web.json_response({"errorCode": "ERR_NOT_FOUND", "message": "unknown route"}, status=404)

    def _secret(self, name: str) -> web.StreamResponse:
        if not self.secrets_available:
            message = f"failed getting secret with key {name} from secret store secrets: store away"
            return web.json_response({"errorCode": "ERR_SECRET_GET", "message": message}, status=500)
        if name.startswith("service-key/"):
            self.service_key(name.removeprefix("service-key/"))
        if name not in self.secrets:
            message = f'access denied by policy to get "{name}" from "secrets"'
            return web.json_response({"errorCode": "ERR_PERMISSION_DENIED", "message": message}, status=403)
        return web.json_response({name: self.secrets[name]})


def _key_pair() -> tuple[str, str]:
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(), public.decode()


def _request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=MAX_BODY)
