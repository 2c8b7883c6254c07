"""A plain HTTP client for the tests, which send exactly the bytes they show."""

from typing import Any

import requests

from sandbox.airtable.schema import Base, Table
from sandbox.airtable.state import Sandbox


class Client:
    """Paths are relative; `base` and `table` look at the simulator's own state."""

    def __init__(self, session: requests.Session, url: str, sandbox: Sandbox) -> None:
        self.session, self.url, self.sandbox = session, url, sandbox

    def send(self, method: str, path: str, **more: Any) -> requests.Response:
        return self.session.request(method, self.url + path, timeout=10, **more)

    def get(self, path: str, **params: Any) -> Any:
        answer = self.send("GET", path, params=params or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def base(self, name: str) -> Base:
        return next(base for base in self.sandbox.bases.values() if base.name == name)

    def table(self, base: str, table: str) -> Table:
        found = self.base(base).table(table)
        assert found is not None
        return found

    def path(self, base: str, table: str) -> str:
        found = self.table(base, table)
        return f"/v0/{found.base.id}/{found.id}"

    def names(self) -> dict[str, str]:
        """What the tables of cases name in their paths."""
        return {
            "crm": self.base("CRM").id,
            "projects": self.base("Projects").id,
            "content": self.base("Content calendar").id,
            "contact": next(iter(self.table("CRM", "Contacts").records)),
        }
