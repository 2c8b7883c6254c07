"""Where the journeys walk: tables of their own in three bases of the simulated Airtable, so that answers are known."""

import time
from dataclasses import dataclass
from uuid import uuid4

import httpx

from ..errors import SetupError
from ..run_dir import RunDirectory

CREATED = "airtable-connector.record-created.v1"
_FIRST = 60.0  # s until the trail and the events of the first write are there


@dataclass(frozen=True)
class Ground:
    """`names`: id and name of the records of the table `read`, which nobody changes. `trace`: of the write that made
    them. Each journey that writes has a base of its own as far as there are bases: Airtable takes 5 calls a second."""

    base: str
    read_table: str
    read: str
    names: dict[str, str]
    trace: str
    version: int
    write: str
    undo: str
    hook_base: str

    @property
    def one(self) -> str:
        return next(iter(self.names))

    @property
    def one_name(self) -> str:
        return self.names[self.one]


def addresses(run: RunDirectory) -> dict[str, str]:
    """What `client.env` says. Raises SetupError where nothing runs, and for the real Airtable."""
    try:
        lines = run.client_file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise SetupError("nothing runs here: start it with `make up`") from None
    pairs = (line.removeprefix("export ").partition("=") for line in lines)
    values = {name.strip(): value.strip().strip("'\"") for name, _, value in pairs}
    if not values.get("SANDBOX_URL"):
        raise SetupError("this writes and breaks: it works on the simulated Airtable only")
    return values


def connect(run: RunDirectory) -> httpx.Client:
    """A client as a user has one: the address and the key of `client.env`. Raises what `addresses` raises."""
    values = addresses(run)
    key = {"authorization": f"Bearer {values['PLATFORM_KEY']}"}
    return httpx.Client(base_url=values["PLATFORM_URL"], headers=key, timeout=10)


def prepare(client: httpx.Client) -> Ground:
    """Make the tables and the records to read; return when everything that follows a write has followed. Raises
    SetupError when the mesh cannot do that."""
    try:
        return _prepare(client)
    except httpx.HTTPError as failure:
        raise SetupError(f"the mesh does not do what is needed first: {failure}") from None


def _prepare(client: httpx.Client) -> Ground:
    bases = [base["id"] for base in _get(client, "/api/v1/bases")["items"]]
    reads, writes, undoes = bases[0], bases[1 % len(bases)], bases[2 % len(bases)]
    read_table = _table(client, reads)
    read = _records(reads, read_table)
    new = {"records": [{"fields": {"Name": f"Record {n} {uuid4().hex[:8]}"}} for n in range(3)]}
    made = client.post(read, json=new).raise_for_status()
    ground = Ground(
        base=reads,
        read_table=read_table,
        read=read,
        names={one["id"]: one["fields"]["Name"] for one in made.json()["records"]},
        trace=made.headers["x-trace-id"],
        write=_records(writes, _table(client, writes)),
        undo=_records(undoes, _table(client, undoes)),
        hook_base=undoes,
        version=client.post(f"/api/v1/schemas/{reads}/versions").raise_for_status().json()["version"],
    )
    _wait(client, ground)
    return ground


def _table(client: httpx.Client, base: str) -> str:
    new = {"name": f"Blast {uuid4().hex[:8]}", "fields": [{"name": "Name", "type": "singleLineText"}]}
    made = client.post(f"/api/v1/bases/{base}/tables", json=new).raise_for_status()
    return str(made.json()["id"])


def _records(base: str, table: str) -> str:
    return f"/api/v1/bases/{base}/tables/{table}/records"


def _get(client: httpx.Client, path: str, **params: str) -> dict[str, list[dict[str, str]]]:
    answer: dict[str, list[dict[str, str]]] = client.get(path, params=params).raise_for_status().json()
    return answer


def _wait(client: httpx.Client, ground: Ground) -> None:
    """The trail and the store of events hear of a write a moment later."""
    until = time.monotonic() + _FIRST
    while time.monotonic() < until:
        entries = _get(client, "/api/v1/audit/entries", trail="own", trace_id=ground.trace)["items"]
        events = _get(client, "/api/v1/events", trace_id=ground.trace, type=CREATED)["items"]
        if entries and len(events) == len(ground.names):
            return
        time.sleep(0.1)
    raise SetupError(f"trail and events do not have the first write after {_FIRST:.0f} s (trace {ground.trace})")
