"""A fault: what is broken, what a user asks meanwhile, and the truth, which nobody is told before the verdict."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import httpx

from ..blast.ground import Ground
from .injecting import Mesh

Break = Callable[[Mesh], AbstractContextManager[None]]
Ask = Callable[[Ground], str]

# A request that needs this app: an app without one fails a test.
ASKED: dict[str, Ask] = {
    "airtable-connector": lambda ground: f"{ground.read}?page_size=1",
    "analytics-service": lambda _: "/api/v1/graph",
    "api-gateway": lambda ground: f"{ground.read}?page_size=1",
    "audit-service": lambda _: "/api/v1/audit/verify",
    "event-processor": lambda _: "/api/v1/events?page_size=1",
    "rate-limiter-service": lambda ground: f"/api/v1/limits/explain?base={ground.base}",
    "schema-service": lambda ground: f"/api/v1/schemas/{ground.base}",
}
DOOR, ANALYST, CONNECTOR = "api-gateway", "analytics-service", "airtable-connector"
READ = ASKED[CONNECTOR]


@dataclass(frozen=True)
class Fault:
    """`app`: where it is put. `service`, `causes`: the right verdict; no service: nobody may be accused. `also`: other
    right names for it, as of the app whose database it is. `body` is posted; without one it is a GET. `code`: only a
    change of code mends it. `before` is what the user did once it was put; `unseen`: the answer looks good, and only
    what it says is wrong. `busy`: others use the platform meanwhile. `blind`: what keeps the evidence is frozen."""

    family: str
    app: str
    service: str
    causes: frozenset[str]
    path: Ask
    put: Break = field(repr=False)
    headers: tuple[tuple[str, str], ...] = ()
    also: frozenset[str] = frozenset()
    body: Callable[[Ground], dict[str, Any]] | None = field(default=None, repr=False)
    before: Callable[[httpx.Client, Ground], None] | None = field(default=None, repr=False)
    unseen: bool = False
    code: bool = False
    busy: bool = False
    blind: bool = False


def nothing(_: Mesh) -> AbstractContextManager[None]:
    """Nothing is broken."""
    return nullcontext()


def on(put: Callable[[Mesh, str], AbstractContextManager[None]], name: str) -> Break:
    return lambda mesh: put(mesh, name)
