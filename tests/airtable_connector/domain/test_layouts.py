"""Which tables show something of each other."""

from typing import Any

import pytest

from apps.airtable_connector.domain.layouts import layout_of


def table(id: str, *links: str) -> dict[str, Any]:
    fields = [{"id": f"fld{id}", "name": "Name", "type": "singleLineText"}]
    fields += [
        {"id": f"fld{id}{to}", "name": f"To {to}", "type": "multipleRecordLinks", "options": {"linkedTableId": to}}
        for to in links
    ]
    return {"id": id, "name": f"Table {id}", "fields": fields}


def test_tables_that_links_join_however_far_are_one_group_and_others_stand_alone() -> None:
    layout = layout_of({"tables": [table("a", "b"), table("b"), table("c", "b"), table("d"), table("e", "e")]})
    assert layout.groups["a"] == layout.groups["b"] == layout.groups["c"] == {"a", "b", "c"}
    assert layout.groups["d"] == {"d"}
    assert layout.alone == {"d"}  # e's records show each other


def test_a_table_is_known_by_its_id_and_by_its_name_in_any_case() -> None:
    layout = layout_of({"tables": [table("a")]})
    assert [layout.table(one) for one in ("a", "Table a", "TABLE A", "b")] == ["a", "a", "a", None]


def test_a_link_that_does_not_say_where_it_leads_makes_no_layout() -> None:
    link = {"id": "fld", "name": "Link", "type": "multipleRecordLinks"}
    with pytest.raises(KeyError):
        layout_of({"tables": [{"id": "a", "name": "A", "fields": [link]}]})
