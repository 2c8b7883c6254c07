"""The answers beside the seed, which come from the seed alone, against what a client finds in the simulator."""

from collections import defaultdict
from pathlib import Path

import pytest
import yaml
from pyairtable.formulas import match

from sandbox.airtable import bases
from sandbox.airtable.bases import builtin
from sandbox.airtable.bases.answers import MANY, SELDOM, answers

ANSWERS = yaml.safe_load(Path(bases.__file__).with_name("answers.yaml").read_text())


@pytest.fixture
def tables(api):
    return {(base.name, table.name): table for base in api.bases() for table in base.tables()}


def test_the_answers_are_those_of_the_seed():
    assert answers(builtin()) == ANSWERS


def test_posts_worth_improving_are_found_by_a_formula(tables):
    formula = f"AND({{Impressions}} >= {MANY}, {{Clicks}} / {{Impressions}} <= {SELDOM})"
    posts = tables["Content calendar", "Posts"].all(formula=formula, sort=["-Impressions", "Link"])
    assert [post["fields"]["Link"] for post in posts] == [post["link"] for post in ANSWERS["posts worth improving"]]
    assert posts


def test_hours_per_project_are_the_sums_of_the_tasks_rollups(tables):
    hours = defaultdict(float)
    for task in tables["Projects", "Tasks"].all():
        hours[task["fields"]["Project"][0]] += task["fields"]["Hours"]
    found = {project["fields"]["Name"]: hours[project["id"]] for project in tables["Projects", "Projects"].all()}
    assert found == {name: pytest.approx(answer["hours"]) for name, answer in ANSWERS["hours per project"].items()}


def test_status_and_expenses_are_the_projects_rollups_and_formulas(tables):
    found = {
        cells["Name"]: (cells["Status"], pytest.approx(cells["Spent"]), bool(cells["Over budget"]))
        for cells in (project["fields"] for project in tables["Projects", "Projects"].all())
    }
    wanted = ANSWERS["status and expenses of projects"]
    assert found == {name: (each["status"], each["spent"], each["over budget"]) for name, each in wanted.items()}
    done = tables["Projects", "Projects"].all(formula=match({"Status": "Completed"}))
    assert len(done) == sum(each["status"] == "Completed" for each in wanted.values())


def test_top_content_is_the_first_ten_by_engagement(tables):
    order = ["-Engagement rate", "-Impressions", "Link"]
    top = tables["Content calendar", "Posts"].all(sort=order, max_records=10)
    assert [post["fields"]["Link"] for post in top] == [post["link"] for post in ANSWERS["top content by engagement"]]
