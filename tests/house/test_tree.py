"""The same apps everywhere, the same files in each, nothing too long."""

import shutil
import warnings

import pytest

from tests.house.rules import tree
from tests.house.rules.source import lines_of_code


def test_every_app_is_in_apps_dapr_yaml_readme_tests_codeowners_config_and_k8s(root):
    assert tree.same_apps_everywhere(root) == []


def test_a_tree_that_keeps_the_rules_is_not_accused(house):
    assert tree.same_apps_everywhere(house) == []
    assert tree.ports_are_unique_and_derived(house) == []
    assert tree.every_app_has_a_passport(house) == []


@pytest.mark.parametrize("place", ["dapr.yaml", "README.md", "CODEOWNERS"])
def test_an_app_that_one_list_forgets_is_caught(plant, place):
    spelling = "note_service" if place == "CODEOWNERS" else "note-service"
    house = plant(place, spelling, spelling.replace("note", "other"))
    assert any("note-service has a folder" in problem for problem in tree.same_apps_everywhere(house))
    assert any("other-service is in" in problem for problem in tree.same_apps_everywhere(house))


@pytest.mark.parametrize("folder", ["tests/note_service", "config/dapr", "k8s/base/apps"])
def test_an_app_without_tests_or_configuration_is_caught(house, folder):
    shutil.rmtree(house / folder)
    assert len(tree.same_apps_everywhere(house)) == 1


def test_ports_are_unique_and_derived_from_the_app_port(root):
    assert tree.ports_are_unique_and_derived(root) == []


def test_a_derived_port_that_is_wrong_or_missing_is_caught(plant):
    house = plant("dapr.yaml", "daprHTTPPort: 13590", "daprHTTPPort: 13591")
    assert tree.ports_are_unique_and_derived(house) == ["note-service: daprHTTPPort is 13591, the app port gives 13590"]
    plant("dapr.yaml", "    metricsPort: 13890\n", "")
    assert "note-service has no metricsPort: it is 13890" in tree.ports_are_unique_and_derived(house)


def test_a_port_used_twice_is_caught(plant):
    house = plant("dapr.yaml", "  - {appID: twin, appPort: 8090}\n")
    assert "port 8090 is used 2 times in dapr.yaml" in tree.ports_are_unique_and_derived(house)


def test_app_ids_are_valid_kubernetes_names(root):
    assert tree.app_ids_are_valid(root) == []


@pytest.mark.parametrize("name", ["note_service", "Note", "-note", "n" * 54])
def test_an_app_id_that_is_no_kubernetes_name_is_caught(plant, name):
    assert tree.app_ids_are_valid(plant("dapr.yaml", "note-service", name))


def test_the_files_of_an_app_come_from_the_table(root):
    assert tree.app_files_come_from_the_table(root) == []


def test_a_file_that_is_not_in_the_table_is_caught(plant):
    assert len(tree.app_files_come_from_the_table(plant("apps/note_service/helpers.py", "x = 1\n"))) == 1


def test_app_py_is_wiring_of_25_lines(root):
    assert tree.app_py_is_wiring(root) == []


def test_an_app_py_that_does_more_than_wiring_is_caught(plant):
    assert tree.app_py_is_wiring(plant("apps/note_service/app.py", "x = 1\n" * 25))


def test_an_app_without_app_py_is_caught(house):
    (house / "apps/note_service/app.py").unlink()
    assert tree.app_py_is_wiring(house) == ["apps/note_service/app.py does not exist"]


def test_an_app_stays_below_10000_lines_and_warns_at_3000(root):
    failures, large = tree.apps_stay_small(root)
    assert failures == []
    for sentence in large:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn(sentence, stacklevel=1)


def test_an_app_that_grew_too_large_is_caught(plant):
    assert tree.apps_stay_small(plant("apps/note_service/store.py", "x = 1\n" * 3_000))[1]
    assert tree.apps_stay_small(plant("apps/note_service/store.py", "x = 1\n" * 7_000))[0]


def test_no_module_is_longer_than_250_lines(root):
    assert tree.modules_stay_short(root) == []


def test_a_module_longer_than_250_lines_is_caught(plant):
    assert len(tree.modules_stay_short(plant("chassis/_mesh.py", "x = 1\n" * 251))) == 1


def test_the_chassis_stays_below_5750_lines_of_code_without_testing(root):
    assert tree.chassis_stays_small(root) == []


def test_a_chassis_that_grew_too_large_is_caught_and_testing_does_not_count(plant):
    assert tree.chassis_stays_small(plant("chassis/testing/fake.py", "x = 1\n" * 5_800)) == []
    assert tree.chassis_stays_small(plant("chassis/_mesh.py", "x = 1\n" * 5_800))


def test_what_explains_the_code_does_not_count_as_code(tmp_path):
    (tmp_path / "a.py").write_text(
        '"""Why.\n\nMore."""\n\n# a reason\ndef f():\n    """What."""\n    return (\n        1\n    )\n'
    )
    assert lines_of_code(tmp_path / "a.py") == 4


def test_every_app_has_a_passport(root):
    assert tree.every_app_has_a_passport(root) == []


def test_an_app_that_does_not_say_what_it_owns_is_caught(plant):
    house = plant("apps/note_service/__init__.py", "owns ", "has  ")
    assert tree.every_app_has_a_passport(house) == ["apps/note_service/__init__.py does not say its owns"]
