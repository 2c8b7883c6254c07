"""docs/abilities.csv: nothing is called done without a test that runs."""

import pytest

from tests.house.rules import abilities


def test_the_table_of_abilities_is_valid(root):
    assert abilities.abilities_are_valid(root) == []


@pytest.mark.parametrize(
    "line",
    ["note-service,notes,done,x", "note-service,tags,nearly,x", "note-service,tags,done", "a,b,open,c,d"],
)
def test_a_line_that_is_twice_there_or_unreadable_is_caught(plant, line):
    assert len(abilities.abilities_are_valid(plant("docs/abilities.csv", f"{line}\n"))) == 1


def test_every_ability_called_done_has_a_test_that_runs(root):
    assert abilities.what_is_done_has_a_test_that_runs(root) == []


@pytest.mark.parametrize("test", ["", "tests/note_service/test_domain.py", "tests/x.py::test_y"])
def test_an_ability_called_done_without_a_test_is_caught(plant, test):
    house = plant("docs/abilities.csv", f"note-service,tags,done,{test}\n")
    assert len(abilities.what_is_done_has_a_test_that_runs(house)) == 1


@pytest.mark.parametrize("mark", ["@pytest.mark.skip", "@pytest.mark.xfail", "@pytest.mark.skipif(True, reason='')"])
def test_an_ability_whose_test_is_skipped_is_caught(plant, mark):
    plant("tests/note_service/test_domain.py", f"\n\n{mark}\ndef test_tags() -> None: ...\n")
    house = plant("docs/abilities.csv", "note-service,tags,done,tests/note_service/test_domain.py::test_tags\n")
    assert len(abilities.what_is_done_has_a_test_that_runs(house)) == 1
