"""The gateway as the client sees it: JSON in, JSON out, problems as exceptions."""

import uuid
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from cli.settings import Settings

TIMEOUT = 35.0  # s; the gateway gives up after 30 and says why, which is better than giving up here
Params = Sequence[tuple[str, str | int | float]]


class Problem(Exception):
    """The platform refused or failed, and said so in problem+json."""

    def __init__(self, said: dict[str, Any], trace: str, retry_after: str | None) -> None:
        super().__init__(said.get("title"))
        self.said = said
        self.trace = str(said.get("trace_id") or trace)
        self.retry_after = retry_after


class Unreachable(Exception):
    """Nothing that speaks like the platform answered."""


class Gateway:
    """One connection. Every method raises Problem or Unreachable."""

    def __init__(self, settings: Settings, timeout: float = TIMEOUT) -> None:
        loopback = urlsplit(settings.url).hostname in {"127.0.0.1", "localhost", "::1"}
        self.url = settings.url
        self._http = httpx.Client(
            timeout=timeout,
            headers={"authorization": f"Bearer {settings.key}", "user-agent": "pyat"},
            trust_env=not loopback,  # a proxy of the shell's environment cannot reach this machine's loopback
        )

    def get(self, path: str, params: Params = ()) -> Any:
        return self._json(self._ask("GET", path, params=list(params)))

    def text(self, path: str) -> str:
        return self._ask("GET", path, headers={"accept": "text/plain"}).text

    def raw(self, path: str, params: Params = ()) -> bytes:
        return self._ask("GET", path, params=list(params)).content

    def send(self, method: str, path: str, body: Any = None, params: Params = ()) -> Any:
        """An unsafe request, with a key that makes its repetition by anything on the way harmless."""
        headers = {"idempotency-key": str(uuid.uuid4())}
        return self._json(self._ask(method, path, params=list(params) or None, json=body, headers=headers))

    def pages(self, path: str, params: Params) -> Iterator[dict[str, Any]]:
        """Every page of a listing, from the given cursor on."""
        while True:
            page = self.get(path, params)
            yield page
            if not page.get("next"):
                return
            params = [*(pair for pair in params if pair[0] != "cursor"), ("cursor", page["next"])]

    def events(self, path: str, params: Params, after: int) -> Iterator[tuple[int, str | None]]:
        """(id, data) of server-sent events beyond `after`, until the connection ends; None where only an id comes."""
        headers = {"accept": "text/event-stream", "last-event-id": str(after)}
        try:
            with self._http.stream("GET", self.url + path, params=list(params), headers=headers) as answer:
                if answer.is_error:
                    answer.read()
                    raise self._problem(answer)
                fields: dict[str, str] = {}
                for line in answer.iter_lines():
                    name, _, value = line.partition(": ")
                    if line:
                        fields[name] = value
                    elif "id" in fields:
                        yield int(fields["id"]), fields.get("data")
                        fields = {}
        except httpx.RemoteProtocolError:
            return  # cut off: whoever reads goes on from what it had
        except httpx.HTTPError as error:
            raise Unreachable(f"{self.url} does not answer: {error or type(error).__name__}") from error

    def _ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, self.url + path, **request)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(f"{self.url} does not answer: {error or type(error).__name__}") from error
        if answer.is_error:
            raise self._problem(answer)
        return answer

    def _problem(self, answer: httpx.Response) -> Exception:
        try:
            said = answer.json()
        except ValueError:
            said = None
        if not (isinstance(said, dict) and "code" in said):
            return Unreachable(f"{self.url} answered {answer.status_code}, and not as the platform would.")
        return Problem(said, answer.headers.get("x-trace-id", ""), answer.headers.get("retry-after"))

    def _json(self, answer: httpx.Response) -> Any:
        try:
            return answer.json() if answer.content else None
        except ValueError as error:
            raise Unreachable(f"{self.url} answered something that is not JSON.") from error


def segment(name: str) -> str:
    """A name as one segment of a path; table names may hold slashes and spaces."""
    return quote(name, safe="")
