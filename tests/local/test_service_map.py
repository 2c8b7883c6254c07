"""Who calls whom and what each journey needs, as analytics-service is told it."""

from pathlib import Path

import pytest

from local.service_map import MATRIX, journeys

ROOT = Path(__file__).parents[2]
MOST = 5  # what a journey may be unable to do without


@pytest.fixture
def matrix(tmp_path):
    path = tmp_path / "matrix.csv"
    path.write_text(
        "component,journey,weight,walks,failed,recovery_s,reason\n"
        "a,read,9,4,2,1.0,dead\n"
        "a.sidecar,read,9,4,3,1.0,dead\n"
        "valkey,read,9,4,0,0.0,\n"
        "a,write,11,4,1,1.0,dead\n"
    )
    return path


def test_a_journey_needs_what_failed_it_and_a_sidecar_is_its_apps(matrix):
    assert journeys(matrix) == [
        {"name": "write", "weight": 11, "needs": ["a"]},
        {"name": "read", "weight": 9, "needs": ["a"]},
    ]


def test_no_journey_needs_more_than_five():
    measured = journeys(ROOT / MATRIX)
    assert measured
    assert {each["name"]: each["needs"] for each in measured if len(each["needs"]) > MOST} == {}


def test_where_nothing_was_measured_there_are_none(tmp_path):
    assert journeys(tmp_path / "none.csv") == []
