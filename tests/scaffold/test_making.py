"""`make new` and `make rm`, on a copy of the repository, which may have apps that people made: none has these names."""

import hashlib
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scaffold import making, rendering
from scaffold.refused import Refused
from tests.house.rules.source import tracked
from tests.scaffold.conftest import ROOT


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=150)


def contents(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in tracked(root)}


def git_status(root: Path) -> str:
    command = ["git", "-C", str(root), "status", "--porcelain"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_new_app_passes_every_check_and_goes_without_a_trace(clone):
    before = contents(clone)

    began = time.monotonic()
    made = run(clone, "scaffold", "new", "trial-service")
    assert made.returncode == 0, made.stderr
    assert time.monotonic() - began < 60

    for check in (
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["mypy", "-p", "apps.trial_service", "-p", "contracts"],
        ["pytest", "-q", "-p", "no:cacheprovider", "tests/trial_service", "tests/house"],
    ):
        passed = run(clone, *check)
        assert passed.returncode == 0, passed.stdout + passed.stderr

    gone = run(clone, "scaffold", "rm", "trial-service")
    assert gone.returncode == 0, gone.stderr
    assert git_status(clone) == ""
    assert contents(clone) == before


def test_of_two_new_apps_each_can_be_taken_out_first(clone):
    before = contents(clone)
    assert run(clone, "scaffold", "new", "trial-service").returncode == 0
    with_one = contents(clone)
    assert run(clone, "scaffold", "new", "tag-service", "--port", "8075").returncode == 0
    assert run(clone, "scaffold", "rm", "tag-service").returncode == 0
    assert contents(clone) == with_one
    assert run(clone, "scaffold", "new", "tag-service", "--port", "8075").returncode == 0
    assert run(clone, "scaffold", "rm", "trial-service").returncode == 0
    assert run(clone, "scaffold", "rm", "tag-service").returncode == 0
    assert contents(clone) == before


def test_work_that_git_does_not_have_is_not_thrown_away(clone):
    assert run(clone, "scaffold", "new", "trial-service").returncode == 0
    with (clone / "apps/trial_service/domain.py").open("a", encoding="utf-8") as file:
        file.write("# hours of thought\n")
    refused = run(clone, "scaffold", "rm", "trial-service")
    assert (refused.returncode, "domain.py holds work that git does not have" in refused.stderr) == (1, True)
    assert (clone / "apps/trial_service/domain.py").exists()
    assert run(clone, "scaffold", "rm", "trial-service", "--force").returncode == 0
    assert git_status(clone) == ""


def test_an_app_that_another_app_calls_is_not_taken_out(clone):
    assert run(clone, "scaffold", "new", "trial-service").returncode == 0
    refused = run(clone, "scaffold", "rm", "airtable-connector")
    assert refused.returncode == 1
    assert re.fullmatch(r"apps/\w+/clients.py calls airtable-connector: take the call out first\n", refused.stderr)


def test_a_refused_name_changes_nothing_and_shows_no_stack_trace(clone):
    refused = run(clone, "scaffold", "new", "Note")
    assert refused.returncode == 1
    assert refused.stderr.startswith("'Note' cannot be an app-id")
    assert "Traceback" not in refused.stderr
    assert git_status(clone) == ""


@pytest.mark.parametrize("app_id", ["a", "n" * 40, "zz-service", "airtable-two"])
def test_a_name_of_any_length_gives_code_that_is_formatted_and_in_order(tmp_path, app_id):
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    for path, text in rendering.rendered(ROOT, app_id).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    for check in (["check", "--no-cache", "."], ["format", "--no-cache", "--check", "."]):
        passed = run(tmp_path, "ruff", *check)
        assert passed.returncode == 0, passed.stdout


def test_nothing_of_the_example_is_left_in_a_new_app():
    texts = rendering.rendered(ROOT, "trial-service")
    assert not [path for path, text in texts.items() if "example" in f"{path}{text}".casefold()]
    assert Path("apps/trial_service/app.py") in texts


def test_what_fails_to_be_generated_is_told_in_the_words_of_what_failed(tmp_path):
    with pytest.raises(Refused, match="python -m local configure failed"):
        making.generate(tmp_path)
