"""Pages hold every surviving record exactly once, whatever is deleted and created in between."""

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.airtable import listing, writing
from sandbox.airtable.change import Author
from sandbox.airtable.clock import Clock
from sandbox.airtable.ids import Ids
from sandbox.airtable.iterators import Iterators
from sandbox.airtable.seed import OWNER, load
from tests.sandbox.fuzz import EXAMPLES

TABLE = {"name": "T", "fields": [{"name": "N", "type": "number"}]}


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    count=st.integers(0, 25),
    size=st.integers(1, 7),
    deletes=st.lists(st.lists(st.integers(0, 24), max_size=4), max_size=30),
)
def test_every_surviving_record_is_seen_once(count, size, deletes):
    records = [{"fields": {"N": number}} for number in range(count)]
    (base,) = load({"bases": [{"name": "B", "tables": [{**TABLE, "records": records}]}]})
    table, ids = base.tables[next(iter(base.tables))], Ids()
    first, seen, iterators, offset = list(table.records), [], Iterators(ids), None
    author = Author(OWNER["id"], Clock(), ids)
    for step in range(count + 2):
        query = listing.checked({"pageSize": size, "offset": offset}, table)
        page = orjson.loads(orjson.dumps(listing.page(query, table, iterators, 0.0)))
        assert len(page["records"]) <= size
        seen += [record["id"] for record in page["records"]]
        offset = page.get("offset")
        if offset is None:
            break
        doomed = {first[at] for at in (deletes[step] if step < len(deletes) else []) if at < count}
        if doomed := sorted(doomed & set(table.records)):
            writing.delete_many(doomed, table, author)
        writing.create(writing.read({"fields": {"N": 99}}), table, author)
    assert offset is None
    assert len(seen) == len(set(seen))
    assert set(first) & set(table.records) <= set(seen)
