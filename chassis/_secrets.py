"""Secrets, from the Dapr component `secrets`."""

import asyncio
import time
from urllib.parse import quote

import aiohttp
import orjson

from . import _dapr
from ._codes import SecretMissing, SecretsUnavailable
from ._mesh import Mesh

COMPONENT = "secrets"
FRESH = 60.0  # seconds a value is used before it is asked for again; a rotation overlaps by more than that
WAIT = 5.0  # seconds


class Secrets:
    """Read access to the secrets this app is allowed (Dapr scopes, default deny)."""

    def __init__(self, mesh: Mesh) -> None:
        self._mesh = mesh
        self._known: dict[str, tuple[str, float]] = {}

    async def get(self, name: str, *, fresh: bool = False) -> str:
        """The secret `name` (`airtable/local/default`), at most 60 s old unless `fresh`.

        While the store is away, the value known last is good enough. Raises SecretMissing when it does not exist or
        this app may not read it, SecretsUnavailable or SidecarUnavailable when nobody can say.
        """
        known = self._known.get(name)
        if known and not fresh and time.monotonic() - known[1] < FRESH:
            return known[0]
        try:
            value = await self._fetch(name)
        except SecretMissing:
            self._known.pop(name, None)
            raise
        except Exception:
            if known:
                return known[0]
            raise
        self._known[name] = (value, time.monotonic())
        return value

    async def _fetch(self, name: str) -> str:
        url = self._mesh.url(f"/v1.0/secrets/{COMPONENT}/{quote(name, safe='')}")
        try:
            async with asyncio.timeout(WAIT), self._mesh.session.get(url) as response:
                status, body = response.status, await response.read()
        except aiohttp.ClientConnectorError:
            raise _dapr.sidecar_gone(self._mesh.app_id).error from None
        except (TimeoutError, aiohttp.ClientError, OSError):
            raise SecretsUnavailable("The secret store does not answer.", service=self._mesh.app_id) from None
        if status == 200:
            value = orjson.loads(body).get(name)
            if isinstance(value, str):
                return value
        if status in (200, 204, 403, 404) or b"not found" in body:
            raise SecretMissing(
                f"The secret {name} does not exist or {self._mesh.app_id} is not allowed to read it.",
                service=self._mesh.app_id,
            )
        raise SecretsUnavailable(f"The secret store answered {status}.", service=self._mesh.app_id)
