"""The spans of many apps make whole traces: whoever is named as a cause told of itself."""

from concurrent.futures import ThreadPoolExecutor

from demo.client import Client
from demo.journey import Place
from tests.system.mesh import Mesh, eventually, fault

EACH = 6  # of each kind of request
MOST = 0.001  # orphans of all spans


def test_almost_every_span_has_its_cause_whatever_became_of_the_request(mesh: Mesh, place: Place) -> None:
    """Good, refused, too late, broken and writing requests at once, with what events make of them."""
    asked = [
        lambda client: client.ask("GET", "/api/v1/bases"),
        lambda client: client.ask("GET", f"{place.records}?page_size=1"),
        lambda client: client.ask("GET", f"{place.records}?page_size=0"),
        lambda client: client.ask("GET", f"{place.records}?page_size=2", headers={"cache-control": "no-store"}),
        lambda client: client.ask("GET", f"{place.records}?page_size=3", headers={"x-timeout-ms": "40"}),
        lambda client: client.ask("GET", "/api/v1/audit/entries"),
        lambda client: client.ask("GET", "/api/v1/schemas"),
        lambda client: client.ask("GET", "/api/v1/limits/usage"),
        lambda client: client.ask("POST", place.records, json={"records": [{"fields": {place.name_field: "Orphan"}}]}),
    ]

    def ask(number: int) -> str:
        with Client(mesh.address) as client:
            return str(asked[number % len(asked)](client).trace)

    with ThreadPoolExecutor(8) as pool:
        traces = list(pool.map(ask, range(EACH * len(asked))))
        with fault(mesh, kind="status", status=500, body="oops"):
            traces += pool.map(ask, range(3, len(asked) * 2, len(asked)))
    found = {}

    def kept() -> bool:
        for trace in traces:
            found[trace] = mesh.client().get(f"/api/v1/traces/{trace}")
        return all(each["kept"] for each in found.values())

    eventually(kept, within=60, what="every trace is judged")
    spans = sum(each["spans"] for each in found.values())
    orphans = [(each["name"], each["parts"]) for each in found.values() if each["missing"]]
    assert spans > 4 * len(traces)
    assert sum(found[trace]["missing"] for trace in traces) <= MOST * spans, f"of {spans}: {orphans}"
