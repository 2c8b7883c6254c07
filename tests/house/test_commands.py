"""The commands people type: what `make` offers, what CI runs, what the README promises."""

import re
import subprocess

import yaml

from tests.house.conftest import ROOT


def targets() -> set[str]:
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert phony
    return set(phony.group(1).split())


def test_make_alone_lists_every_target_with_a_line_about_it():
    said = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    listed = dict(line.strip().removeprefix("make ").split(maxsplit=1) for line in said.splitlines())
    assert listed.keys() == targets()
    assert all(len(line) > 10 for line in listed.values())


def test_ci_runs_the_commands_of_the_readme():
    assert "\nmake check test " in (ROOT / ".ci/run").read_text("utf-8")
    assert (ROOT / ".ci/run").stat().st_mode & 0o111


def test_every_make_target_that_a_document_names_exists():
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "apps").rglob("*.yaml")]
    named = {
        (path.relative_to(ROOT).as_posix(), target)
        for path in documents
        for target in re.findall(r"`make ([a-z][a-z0-9-]*)", path.read_text("utf-8"))
    }
    assert named
    assert {pair for pair in named if pair[1] not in targets()} == set()


def test_every_link_between_documents_leads_somewhere():
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{path.relative_to(ROOT)}: {link}"
        for path in documents
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text("utf-8"))
        if not (path.parent / link).exists()
    ]
    assert broken == []


def test_hooks_run_what_is_installed_and_need_no_network():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    assert {repo["repo"] for repo in hooks["repos"]} == {"local"}
    assert {hook["language"] for repo in hooks["repos"] for hook in repo["hooks"]} == {"system"}
