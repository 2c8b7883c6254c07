"""A client of the platform, as any team would write one: HTTP, a key, nothing else."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx


@dataclass(frozen=True)
class Address:
    """Where the platform is and the key to it, as `.run/client.env` says."""

    url: str
    key: str
    sandbox_url: str | None = None  # these three only with the simulated Airtable
    sandbox_token: str = ""
    sandbox_admin_url: str | None = None

    @classmethod
    def of(cls, run_dir: Path) -> "Address":
        """Read `client.env`. Raises FileNotFoundError when nothing was started there."""
        pairs = (
            line.removeprefix("export ").partition("=") for line in (run_dir / "client.env").read_text().splitlines()
        )
        values = {name.strip(): value.strip().strip("'\"") for name, _, value in pairs if name.strip()}
        return cls(
            values["PLATFORM_URL"],
            values["PLATFORM_KEY"],
            values.get("SANDBOX_URL"),
            values.get("SANDBOX_TOKEN", ""),
            values.get("SANDBOX_ADMIN_URL"),
        )


class ProblemAnswered(Exception):
    """The platform answered with problem+json."""

    def __init__(self, problem: dict[str, Any], trace: str) -> None:
        super().__init__(f"{problem.get('status')} {problem.get('code')}: {problem.get('detail')} (trace {trace})")
        self.problem = problem
        self.trace = trace


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    trace: str
    seconds: float


class Client:
    """One connection to the gateway. `get`, `send` raise ProblemAnswered; `ask` never raises for a status."""

    def __init__(self, address: Address, timeout: float = 30) -> None:
        self._http = httpx.Client(
            base_url=address.url, timeout=timeout, headers={"authorization": f"Bearer {address.key}"}
        )

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def ask(self, method: str, path: str, **request: Any) -> Answer:
        started = time.monotonic()
        answer = self._http.request(method, path, **request)
        kind = answer.headers.get("content-type", "").partition(";")[0]
        body = answer.json() if kind.endswith(("/json", "+json")) else answer.text
        return Answer(answer.status_code, body, answer.headers.get("x-trace-id", ""), time.monotonic() - started)

    def send(self, method: str, path: str, **request: Any) -> Any:
        answer = self.ask(method, path, **request)
        if answer.status >= 400:
            raise ProblemAnswered(
                answer.body if isinstance(answer.body, dict) else {"detail": answer.body}, answer.trace
            )
        return answer.body

    def get(self, path: str, **params: Any) -> Any:
        return self.send("GET", path, params=params)

    def every(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        """All items of a listing, page by page."""
        while True:
            page = self.get(path, **params)
            yield from page["items"]
            if not page.get("next"):
                return
            params["cursor"] = page["next"]
