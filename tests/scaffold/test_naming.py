"""Which names and ports an app can have."""

import pytest

from scaffold import naming
from scaffold.refused import Refused


@pytest.mark.parametrize("name", ["", "Note", "note_service", "-note", "note-", "1note", "note--x", "no te", "../x"])
def test_what_is_no_app_id_is_refused_with_an_example(small, name):
    with pytest.raises(Refused, match="for example note-service"):
        naming.check_name(small, name)


def test_a_name_longer_than_forty_characters_is_refused(small):
    naming.check_name(small, "n" * 40)
    with pytest.raises(Refused, match="at most 40"):
        naming.check_name(small, "n" * 41)


@pytest.mark.parametrize("name", ["json", "class", "pyairtable"])
def test_a_name_that_python_already_imports_is_refused(small, name):
    with pytest.raises(Refused, match=f"{name}-service would do"):
        naming.check_name(small, name)


@pytest.mark.parametrize("place", ["apps/note_service", "tests/note_service", "contracts/note_service.py"])
def test_a_name_whose_place_is_taken_is_refused(small, place):
    (small / place).mkdir(parents=True)
    with pytest.raises(Refused, match=f"{place} exists"):
        naming.check_name(small, "note-service")


def test_a_name_that_dapr_yaml_lists_is_refused(small):
    with pytest.raises(Refused, match="already lists api-gateway"):
        naming.check_name(small, "api-gateway")


def test_the_first_port_from_8070_on_is_taken_when_none_is_said(small):
    assert naming.choose_port(small, None) == 8070


@pytest.mark.parametrize(
    ("port", "clash"), [(8000, "8000 belongs to api-gateway"), (8100, "8100 belongs to what runs")]
)
def test_a_port_that_somebody_has_is_refused_with_its_owner(small, port, clash):
    with pytest.raises(Refused, match=clash):
        naming.choose_port(small, port)


def test_a_port_whose_sidecar_would_meet_another_sidecar_is_refused(small):
    with pytest.raises(Refused, match="13700 belongs to api-gateway"):
        naming.choose_port(small, 8200)


@pytest.mark.parametrize("port", [80, 7999, 9000, 65536])
def test_a_port_that_copies_of_apps_would_reach_is_refused(small, port):
    with pytest.raises(Refused, match="outside 8000 to 8999"):
        naming.choose_port(small, port)


def test_an_app_that_does_not_exist_cannot_be_removed(small):
    with pytest.raises(Refused, match="there is no app 'note-service'; there are: api-gateway"):
        naming.check_exists(small, "note-service")
