"""The simulator inside another program, for tests: `with running(limits="off") as airtable: Api(…, airtable.url)`."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.airtable.limits import LimitSettings
from sandbox.airtable.server import Servers, bind, url_of
from sandbox.airtable.state import Sandbox

#: Accepted by an embedded simulator that was given no tokens.
TOKEN = "patSandbox0000000." + "0" * 64


@dataclass
class Running:
    sandbox: Sandbox
    url: str
    admin_url: str


@contextlib.contextmanager
def running(
    seed: dict[str, Any] | None = None, *, tokens: frozenset[str] = frozenset(), limits: str = "exact"
) -> Iterator[Running]:
    """Serves on free loopback ports from a thread of this process, until the block ends."""
    from sandbox.airtable.bases import builtin

    settings = LimitSettings(enabled=limits == "exact")
    with contextlib.ExitStack() as stack:
        api, admin = (stack.enter_context(bind("127.0.0.1", 0)) for _ in range(2))
        document = builtin() if seed is None else seed
        sandbox = Sandbox(document, tokens=tokens, limits=settings, origin=url_of(api))
        servers = Servers(sandbox, api, admin)
        thread = threading.Thread(target=servers.run, name="airtable-sandbox", daemon=True)
        thread.start()
        try:
            yield Running(sandbox, url_of(api), url_of(admin))
        finally:
            servers.stop()
            thread.join()
