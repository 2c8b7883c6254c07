"""Links against a simple model: whatever is written, both sides say the same and no list points to nothing."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from sandbox.airtable import writing
from sandbox.airtable.change import Author
from sandbox.airtable.clock import Clock
from sandbox.airtable.ids import Ids
from sandbox.airtable.seed import OWNER, load

SEED = {
    "bases": [
        {
            "name": "B",
            "tables": [
                {
                    "name": "T",
                    "fields": [
                        {"name": "Name", "type": "singleLineText"},
                        {
                            "name": "Parent",
                            "type": "multipleRecordLinks",
                            "options": {"table": "T", "inverse": "Child"},
                        },
                        {
                            "name": "Child",
                            "type": "multipleRecordLinks",
                            "options": {"table": "T", "inverse": "Parent"},
                        },
                        {"name": "Likes", "type": "multipleRecordLinks", "options": {"table": "T"}},
                        {"name": "Children", "type": "count", "options": {"link": "Child"}},
                    ],
                }
            ],
        }
    ]
}


class Links(RuleBasedStateMachine):
    """The model is two sets of pairs: (parent, child) and (who, liked)."""

    records = Bundle("records")

    @initialize()
    def start(self):
        (base,) = load(SEED)
        self.table = base.table("T")
        self.author = Author(OWNER["id"], Clock(), Ids())
        self.family, self.likes = set(), set()

    @rule(target=records)
    def create(self):
        before = set(self.table.records)
        writing.create(writing.read({"fields": {"Name": "x"}}), self.table, self.author)
        (made,) = set(self.table.records) - before
        return made

    @rule(one=records, others=st.lists(records, max_size=3), field=st.sampled_from(["Parent", "Child", "Likes"]))
    def link(self, one, others, field):
        content = {"records": [{"id": one, "fields": {field: others}}]}
        writing.update_many(writing.read(content), self.table, self.author, replace=False)
        if field == "Parent":
            self.family = {pair for pair in self.family if pair[1] != one} | {(other, one) for other in others}
        elif field == "Child":
            self.family = {pair for pair in self.family if pair[0] != one} | {(one, other) for other in others}
        else:
            self.likes = {pair for pair in self.likes if pair[0] != one} | {(one, other) for other in others}

    @rule(one=consumes(records))
    def delete(self, one):
        writing.delete_many([one], self.table, self.author)
        self.family = {pair for pair in self.family if one not in pair}
        self.likes = {pair for pair in self.likes if one not in pair}

    @invariant()
    def both_sides_say_the_same(self):
        if not hasattr(self, "table"):
            return
        parents, children, likes = set(), set(), set()
        for record in self.table.records.values():
            cells = {field.name: field.value(record) or [] for field in self.table.fields.values()}
            parents |= {(other, record.id) for other in cells["Parent"]}
            children |= {(record.id, other) for other in cells["Child"]}
            likes |= {(record.id, other) for other in cells["Likes"]}
            assert self.table.field("Children").value(record) == len(cells["Child"])
            assert all(len(set(cell)) == len(cell) for cell in (cells["Parent"], cells["Child"]))
        assert parents == children == self.family
        assert likes == self.likes


TestLinks = Links.TestCase
TestLinks.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
