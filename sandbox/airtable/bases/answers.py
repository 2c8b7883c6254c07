"""`python -m sandbox.airtable.bases.answers`: print `answers.yaml`, the right answers to four business questions.

Computed from the seed document alone, in plain Python: nothing of the simulator's records, rollups or formulas is used,
so whoever asks the simulator can check what it says.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

import yaml

from sandbox.airtable.bases import builtin

#: A post is worth improving when many saw it and few clicked: at least so many, at most so often.
MANY, SELDOM = 5_000, Decimal("0.03")
MOST = 10

Cells = dict[str, Any]


def answers(document: dict[str, Any]) -> dict[str, Any]:
    tables = {(base["name"], table["name"]): table for base in document["bases"] for table in base["tables"]}
    projects = _rows(tables["Projects", "Projects"])
    return {
        "posts worth improving": _worth_improving(_rows(tables["Content calendar", "Posts"])),
        "hours per project": _hours(
            projects, _rows(tables["Projects", "Tasks"]), _rows(tables["Projects", "Time entries"])
        ),
        "status and expenses of projects": _expenses(projects, _rows(tables["Projects", "Expenses"])),
        "top content by engagement": _top(_rows(tables["Content calendar", "Posts"])),
    }


def _rows(table: dict[str, Any]) -> dict[str, Cells]:
    """Cells by the key of their record, as links name it."""
    return {record["key"]: record["fields"] for record in table["records"]}


def _worth_improving(posts: dict[str, Cells]) -> list[dict[str, Any]]:
    """Most seen first."""
    found = [
        {"link": post["Link"], "title": post["Title"], "impressions": post["Impressions"], "clicks": post["Clicks"]}
        for post in posts.values()
        if (post.get("Impressions") or 0) >= MANY and Decimal(post["Clicks"]) / post["Impressions"] <= SELDOM
    ]
    return sorted(found, key=lambda post: (-post["impressions"], post["link"]))


def _hours(
    projects: dict[str, Cells], tasks: dict[str, Cells], entries: dict[str, Cells]
) -> dict[str, dict[str, float]]:
    total: dict[str, Decimal] = defaultdict(Decimal)
    billable: dict[str, Decimal] = defaultdict(Decimal)
    for entry in entries.values():
        [task] = entry["Task"]
        [project] = tasks[task]["Project"]
        total[project] += Decimal(str(entry["Hours"]))
        billable[project] += Decimal(str(entry["Hours"])) if entry.get("Billable") else 0
    return {
        project["Name"]: {"hours": float(total[key]), "billable": float(billable[key])}
        for key, project in projects.items()
    }


def _expenses(projects: dict[str, Cells], expenses: dict[str, Cells]) -> dict[str, dict[str, Any]]:
    spent: dict[str, Decimal] = defaultdict(Decimal)
    for expense in expenses.values():
        spent[expense["Project"][0]] += Decimal(str(expense["Amount"]))
    return {
        project["Name"]: {
            "status": project["Status"],
            "budget": project["Budget"],
            "spent": float(spent[key]),
            "over budget": spent[key] > project["Budget"],
        }
        for key, project in projects.items()
    }


def _top(posts: dict[str, Cells]) -> list[dict[str, Any]]:
    """The ten with the highest engagement rate; the more seen one first when equal."""
    rated = [post for post in posts.values() if post.get("Engagement rate") is not None]
    rated.sort(key=lambda post: (-post["Engagement rate"], -post["Impressions"], post["Link"]))
    return [
        {"link": post["Link"], "title": post["Title"], "engagement rate": post["Engagement rate"]}
        for post in rated[:MOST]
    ]


if __name__ == "__main__":
    print("# Made by `python -m sandbox.airtable.bases.answers`; what each answer means is said there.")
    print(yaml.safe_dump(answers(builtin()), sort_keys=False, allow_unicode=True, width=120), end="")
