"""Who calls whom as the code says, and what each journey needs: `make configure` writes it, this reads it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from contracts.analytics_service import Call, EdgeHealth, JourneyNeeds, MapEdge, ServiceMap

FILE = Path(__file__).parents[1] / "declared.yaml"


@dataclass(frozen=True, slots=True)
class Declared:
    """`calls`: of every service of the platform, whom it calls."""

    calls: Mapping[str, Sequence[str]]
    journeys: Sequence[JourneyNeeds]

    def beside(self, seen: Sequence[EdgeHealth]) -> ServiceMap:
        found = {(edge.caller, edge.callee) for edge in seen}
        return ServiceMap(
            edges=[
                MapEdge(**dict(edge), declared=edge.callee in self.calls.get(edge.caller, ()))
                if edge.callee in self.calls
                else MapEdge(**dict(edge), declared=None)
                for edge in seen
            ],
            unseen=[
                Call(caller=caller, callee=callee)
                for caller, callees in self.calls.items()
                for callee in callees
                if (caller, callee) not in found
            ],
            journeys=list(self.journeys),
        )


def load(file: Path = FILE) -> Declared:
    told = yaml.safe_load(file.read_text(encoding="utf-8"))
    return Declared(told["calls"], [JourneyNeeds(**each) for each in told["journeys"]])
