"""One call to Airtable and its answer, as plain values."""

from dataclasses import dataclass, field

from contracts.rate_limiter_service import Priority


@dataclass(frozen=True, slots=True)
class Call:
    """`path` is what stands after `/v0/`, as it goes over the wire; `base` decides the limit that applies.

    `read` is about what it does, not its verb: POST listRecords is a read. `lists`: of records. `connection`: whose
    token asks; empty until that is found out.
    """

    method: str
    path: str
    query: str = ""
    body: bytes | None = None
    base: str | None = None
    read: bool = False
    lists: bool = False
    content_type: str = "application/json"
    priority: Priority = "interactive"
    connection: str = ""

    @property
    def of_schema(self) -> bool:
        """It reads or changes what tables and fields a base has, and none of their records."""
        return self.base is not None and self.path.startswith("meta/")

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(frozen=True, slots=True)
class Answer:
    """What Airtable said, byte for byte."""

    status: int
    body: bytes
    content_type: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300
