"""Every problem code in words: what happened, whose fault it is, what to do."""

from collections.abc import Iterable
from dataclasses import dataclass

FAULTS = {
    "client": "the request",
    "config": "a setting of this installation",
    "airtable": "Airtable",
    "llm": "the language model's provider",
    "platform": "the platform itself",
}


@dataclass(frozen=True, slots=True)
class Page:
    """One code's page. `service` and `detail` are those of the example."""

    code: str
    status: int
    fault: str
    title: str
    happened: str
    do: str
    service: str
    detail: str

    def example(self) -> dict[str, object]:
        """A body as a client gets it."""
        return {
            "type": f"/problems/{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": "/api/v1/bases",
            "code": self.code,
            "service": self.service,
            "fault": self.fault,
            "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        }


class Catalogue:
    """The pages by code, in the file's order."""

    def __init__(self, pages: Iterable[Page]) -> None:
        self._pages = {page.code: page for page in pages}

    @property
    def pages(self) -> tuple[Page, ...]:
        return tuple(self._pages.values())

    def page(self, code: str) -> Page | None:
        return self._pages.get(code)

    def of_status(self, status: int) -> tuple[Page, ...]:
        return tuple(page for page in self._pages.values() if page.status == status)
