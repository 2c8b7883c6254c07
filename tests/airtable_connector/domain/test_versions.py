"""Which answers are found again after a change, and which changes that are told are our own."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.airtable_connector.domain import versions as module
from apps.airtable_connector.domain.calls import Call
from apps.airtable_connector.domain.layouts import Layout
from apps.airtable_connector.domain.versions import Versions

BASE = "app" + "A" * 14
ALONE, ONE, OTHER = "tblAlone", "tblOne", "tblOther"
JOINED = frozenset({ONE, OTHER})
LAYOUT = Layout(
    ids={"alone": ALONE, ALONE: ALONE, "one": ONE, ONE: ONE, "other": OTHER, OTHER: OTHER},
    groups={ALONE: frozenset({ALONE}), ONE: JOINED, OTHER: JOINED},
    alone=frozenset({ALONE}),
    plain=frozenset({ALONE}),
    names={"fldA": "A", "fldB": "B"},
)


def read(table: str, record: str = "") -> Call:
    return Call("GET", f"{BASE}/{table}" + (f"/{record}" if record else ""), base=BASE, read=True, lists=not record)


READS = [read(ALONE), read(ALONE, "r1"), read(ALONE, "r2"), read(ONE), read(ONE, "r3"), read(OTHER), read(OTHER, "r4")]


def found_again(versions: Versions, table: str, *records: str) -> list[str]:
    """The paths of what a change of these records leaves where it was."""
    before = [versions.place(call, LAYOUT) for call in READS]
    versions.touched(table, records)
    return [
        call.path.removeprefix(f"{BASE}/")
        for call, place in zip(READS, before, strict=True)
        if versions.place(call, LAYOUT) == place
    ]


def test_a_record_that_shows_no_other_is_forgotten_only_when_it_changes() -> None:
    assert found_again(Versions(), ALONE, "r1") == [
        *(f"{ALONE}/r2", ONE, f"{ONE}/r3", OTHER, f"{OTHER}/r4"),
    ]


def test_a_change_is_seen_in_every_table_that_links_lead_to() -> None:
    assert found_again(Versions(), ONE, "r3") == [ALONE, f"{ALONE}/r1", f"{ALONE}/r2"]


def test_a_change_of_which_nobody_knows_what_it_touched_is_seen_everywhere_but_in_the_schema() -> None:
    versions, schema = Versions(), Call("GET", f"meta/bases/{BASE}/tables", base=BASE, read=True)
    before = [versions.place(call, LAYOUT) for call in (*READS, schema)]
    versions.everything()
    after = [versions.place(call, LAYOUT) for call in (*READS, schema)]
    assert [old == new for old, new in zip(before, after, strict=True)] == [False] * len(READS) + [True]
    versions.everything(schema=True)
    assert versions.place(schema, LAYOUT) != before[-1]


def test_without_a_layout_any_change_of_the_base_counts() -> None:
    versions = Versions()
    before = versions.place(read(ALONE, "r1"), None)
    versions.touched(OTHER, ["r4"])
    assert versions.place(read(ALONE, "r1"), None) != before


def test_a_record_has_one_place_whatever_its_table_is_called() -> None:
    assert Versions(born="b").place(read("Alone", "r1"), LAYOUT) == Versions(born="b").place(read(ALONE, "r1"), LAYOUT)


def test_what_was_kept_before_the_document_was_lost_is_not_found_by_its_successor() -> None:
    assert Versions().place(READS[0], LAYOUT) != Versions().place(READS[0], LAYOUT)


def test_too_many_records_are_forgotten_together_and_none_is_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    versions = Versions()
    before = versions.place(read(ALONE, "r0"), LAYOUT)
    for number in range(4):
        versions.touched(ALONE, [f"r{number}"])
    assert len(versions.records) <= 2
    assert versions.place(read(ALONE, "r0"), LAYOUT) != before


def listening() -> Versions:
    versions = Versions()
    versions.listens(60)
    return versions


def test_who_listens_again_after_a_silence_has_heard_of_nothing_before(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr(module.time, "time", lambda: now)
    versions = Versions()
    versions.listens(60)
    now += 50
    versions.listens(60)
    assert versions.heard_since(1_000.0)
    now += 61
    assert not versions.heard_since(1_000.0)
    versions.listens(60)
    assert not versions.heard_since(1_050.0)
    assert versions.heard_since(now)


def test_a_write_of_ours_that_is_told_is_known_once() -> None:
    versions = listening()
    versions.wrote("r1", {"A": 1, "B": "x"})
    assert versions.is_echo("r1", {"fldA": 1}, LAYOUT.names)
    assert not versions.is_echo("r1", {"fldA": 1}, LAYOUT.names)


@pytest.mark.parametrize(
    "told", [{"fldA": 2}, {"fldA": 1, "fldB": "x"}, {"fldNew": 1}, None], ids=["value", "more", "unknown field", "none"]
)
def test_what_others_wrote_is_no_echo_and_ends_the_waiting(told: dict[str, Any] | None) -> None:
    versions = listening()
    versions.wrote("r1", {"A": 1})
    assert not versions.is_echo("r1", told, LAYOUT.names)
    assert not versions.is_echo("r1", {"fldA": 1}, LAYOUT.names)


def test_a_cell_that_was_emptied_comes_back_as_null() -> None:
    versions = listening()
    versions.wrote("r1", {"A": 1})
    assert versions.is_echo("r1", {"fldB": None}, LAYOUT.names)


def test_nothing_waits_where_nobody_tells() -> None:
    versions = Versions()
    versions.wrote("r1", {"A": 1})
    assert versions.echoes == {}


class Model:
    """One record at Airtable, a cache of one entry, writes of ours and of others, and what is told of them in order."""

    def __init__(self) -> None:
        self.versions = listening()
        self.cells: dict[str, Any] = {}
        self.told: list[dict[str, Any]] = []
        self.kept: dict[tuple[str, str], dict[str, Any]] = {}
        self.place = READS[1]

    def commit(self, field: str, value: int) -> None:
        if self.cells.get(field) != value:  # Airtable tells of no write that changed nothing
            self.told.append({f"fld{field}": value})
        self.cells = {**self.cells, field: value}

    def ours(self, field: str, value: int, outside: tuple[str, int] | None) -> None:
        """`outside`: somebody else's write between Airtable's answer and the note of it."""
        before = self.versions.model_copy(deep=True)
        self.commit(field, value)
        answered = self.cells
        if outside:
            self.commit(*outside)
        newest = before.agrees_on("r1", self.versions)
        self.versions.touched(ALONE, ["r1"])
        self.versions.wrote("r1", answered)
        if newest:
            self.kept[self.versions.place(self.place, LAYOUT)] = answered

    def hear(self) -> None:
        cells = self.told.pop(0)
        if not self.versions.is_echo("r1", cells, LAYOUT.names):
            self.versions.touched(ALONE, ["r1"])

    def read(self) -> dict[str, Any]:
        return self.kept.setdefault(self.versions.place(self.place, LAYOUT), self.cells)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ours"), st.sampled_from("AB"), st.integers(0, 2), st.none()),
        st.tuples(
            st.just("ours"), st.sampled_from("AB"), st.integers(0, 2), st.tuples(st.just("A"), st.integers(0, 2))
        ),
        st.tuples(st.just("others"), st.sampled_from("AB"), st.integers(0, 2)),
        st.tuples(st.just("hear")),
        st.tuples(st.just("read")),
    ),
    max_size=25,
)


@given(STEPS)
def test_once_all_is_told_a_read_shows_what_airtable_has(steps: list[tuple[Any, ...]]) -> None:
    model = Model()
    for kind, *what in steps:
        match kind:
            case "ours":
                model.ours(*what)
                shown = model.read()
                assert shown[what[0]] == what[1] or what[2]  # never the past of a write that was answered
            case "others":
                model.commit(*what)
            case "hear" if model.told:
                model.hear()
            case "read":
                model.read()
    while model.told:
        model.hear()
    assert model.read() == model.cells
