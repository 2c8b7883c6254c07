"""Records and links against a simple model: cells are what was written, both sides of a link say the same."""

import orjson
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from sandbox.airtable import writing
from sandbox.airtable.change import Author
from sandbox.airtable.clock import Clock
from sandbox.airtable.errors import AirtableError
from sandbox.airtable.ids import Ids
from sandbox.airtable.rendering import Rendering
from sandbox.airtable.seed import OWNER, load
from tests.sandbox.fuzz import EXAMPLES

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


#: Names are few, so that an upsert finds none, one or two of a name.
NAMES = st.sampled_from(["", "a", "b", "c"])


class RecordsAndLinks(RuleBasedStateMachine):
    """The model is each record's name, and two sets of pairs: (parent, child) and (who, liked)."""

    records = Bundle("records")

    @initialize()
    def start(self):
        (base,) = load(SEED)
        self.table = base.table("T")
        self.author = Author(OWNER["id"], Clock(), Ids())
        self.names, self.family, self.likes = {}, set(), set()

    @rule(target=records, name=NAMES)
    def create(self, name):
        made = orjson.loads(orjson.dumps(self.send(writing.create, {"fields": {"Name": name}})))["id"]
        self.names[made] = name
        return made

    @rule(one=records, name=NAMES)
    def rename(self, one, name):
        self.send(writing.update_many, {"records": [{"id": one, "fields": {"Name": name}}]}, replace=False)
        self.names[one] = name

    @rule(one=records)
    def replace_by_nothing(self, one):
        self.send(writing.update_many, {"records": [{"id": one, "fields": {}}]}, replace=True)
        self.names[one] = ""
        self.family = {pair for pair in self.family if one not in pair}
        self.likes = {pair for pair in self.likes if pair[0] != one}

    @rule(target=records, name=NAMES.filter(bool), liked=records)
    def upsert(self, name, liked):
        """Where several have the name nothing is written; else the one that has it, or a new one, likes another."""
        found = [record_id for record_id, known in self.names.items() if known == name]
        fields = {"Name": name, "Likes": [liked]}
        content = {"performUpsert": {"fieldsToMergeOn": ["Name"]}, "records": [{"fields": fields}]}
        if len(found) > 1:
            with pytest.raises(AirtableError):
                self.send(writing.update_many, content, replace=False)
            return multiple()
        written = self.send(writing.update_many, content, replace=False)
        (one,) = found or written["createdRecords"]
        assert (written["updatedRecords"], len(written["createdRecords"])) == (found, 1 - len(found))
        self.names[one] = name
        self.likes = {pair for pair in self.likes if pair[0] != one} | {(one, liked)}
        return multiple() if found else one

    def send(self, write, content, **more):
        return write(writing.read(content), self.table, author=self.author, **more)

    @rule(one=records, others=st.lists(records, max_size=3), field=st.sampled_from(["Parent", "Child", "Likes"]))
    def link(self, one, others, field):
        self.send(writing.update_many, {"records": [{"id": one, "fields": {field: others}}]}, replace=False)
        if field == "Parent":
            self.family = {pair for pair in self.family if pair[1] != one} | {(other, one) for other in others}
        elif field == "Child":
            self.family = {pair for pair in self.family if pair[0] != one} | {(one, other) for other in others}
        else:
            self.likes = {pair for pair in self.likes if pair[0] != one} | {(one, other) for other in others}

    @rule(one=consumes(records))
    def delete(self, one):
        writing.delete_many([one], self.table, self.author)
        del self.names[one]
        self.family = {pair for pair in self.family if one not in pair}
        self.likes = {pair for pair in self.likes if one not in pair}

    @invariant()
    def names_are_what_was_written(self):
        if not hasattr(self, "table"):
            return
        shown = [orjson.loads(orjson.dumps(Rendering().record(one, self.table))) for one in self.table.records.values()]
        assert {record["id"]: record["fields"].get("Name", "") for record in shown} == self.names

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


def test_every_history_agrees_with_the_model():
    examples = settings(
        max_examples=EXAMPLES, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    run_state_machine_as_test(RecordsAndLinks, settings=examples)
