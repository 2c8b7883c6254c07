"""The text of every tracked file."""

import pytest

from tests.house.rules import words


def test_no_file_names_a_path_of_one_machine(root):
    assert words.no_machine_path(root) == []


@pytest.mark.parametrize("path", ["/" + "work/x", "see /" + "root/.cache", '"/' + 'home/ann/x"', "/" + "Users/Ann/x"])
def test_a_path_of_one_machine_is_caught(plant, path):
    assert len(words.no_machine_path(plant("docs/how.md", path))) == 1


@pytest.mark.parametrize("path", ["https://api.example/root/x", "${HOME}/work/x", "tests/work/x", "/workflows/x"])
def test_an_ordinary_path_is_not_accused(plant, path):
    assert words.no_machine_path(plant("docs/how.md", path)) == []


def test_nothing_is_left_open(root):
    assert words.nothing_left_open(root) == []


@pytest.mark.parametrize("word", ["TO" + "DO: later", "# FIX" + "ME", "raise NotImplemented" + "Error"])
def test_something_left_open_is_caught(plant, word):
    assert len(words.nothing_left_open(plant("chassis/_mesh.py", word))) == 1


def test_no_file_holds_a_secret(root):
    assert words.no_secret(root) == []


@pytest.mark.parametrize(
    "secret", ["pya_" + "a1" * 20, "-----BEGIN PRIVATE" + " KEY-----", f"pat{'a' * 14}." + "0a" * 32]
)
def test_a_secret_in_a_file_is_caught(plant, secret):
    assert len(words.no_secret(plant("docs/how.md", secret))) == 1


def test_only_the_lock_file_names_a_package_registry(root):
    assert words.no_registry_host(root) == []


@pytest.mark.parametrize("host", ["index.example", "py" + "pi.org"])
def test_a_registry_named_outside_the_lock_file_is_caught(plant, host):
    assert len(words.no_registry_host(plant("docs/how.md", f"see https://{host}/simple"))) == 1
