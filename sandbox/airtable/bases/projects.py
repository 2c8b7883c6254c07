"""An agency's projects: who works on what, how long it took, and what it cost."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from sandbox.airtable.bases.vocabulary import TODAY, ascii_word, day, person, record, user

Records = list[dict[str, Any]]
_CLIENTS = ("Harbor Clinics", "City of Graz", "Fjord Energy", "Linden Museum", "Tidewater Freight", "Nimbus Cloud")
_GOALS = (
    "website relaunch", "data warehouse", "booking app", "brand refresh", "annual report", "accessibility audit",
    "customer portal", "intranet",
)  # fmt: skip
_VERBS = ("Design", "Build", "Review", "Test", "Document", "Migrate", "Plan", "Estimate", "Present")
_THINGS = (
    "login flow", "landing page", "navigation", "search", "data import", "style guide", "API client", "dashboards",
    "content model", "release notes", "user interviews", "backup strategy",
)  # fmt: skip
_SKILLS = {
    "Engineer": ("Python", "SQL"),
    "Designer": ("Figma", "Research"),
    "Project manager": ("Planning", "German"),
    "Analyst": ("SQL", "Research"),
    "Writer": ("Copy", "German"),
}
_EXPENSES = {
    "Travel": ("Train to client", "Hotel for workshop"),
    "Software": ("Design tool seats", "Monitoring plan", "Font licence"),
    "Hardware": ("Test tablets", "Conference microphone"),
    "Contractors": ("Photographer", "Penetration test", "Translation"),
    "Catering": ("Workshop lunch", "Launch party"),
}


def records(rng: random.Random) -> dict[str, Records]:
    people = _people(rng)
    projects = _projects(rng, people)
    tasks = _tasks(rng, projects, people)
    return {
        "Projects": projects,
        "People": people,
        "Tasks": tasks,
        "Time entries": _time_entries(rng, tasks),
        "Expenses": _expenses(rng, projects),
    }


def _people(rng: random.Random) -> Records:
    made: dict[str, dict[str, Any]] = {}
    while len(made) < 28:
        first, last = person(rng)
        address = f"{ascii_word(first)}@studio.example"
        role = rng.choice(list(_SKILLS))
        joined = day(rng, -2500, -100)
        fields = {
            "Name": f"{first} {last}",
            "Email": address,
            "Role": role,
            "Skills": list(_SKILLS[role][: rng.randint(1, 2)]),
            "Hourly rate": rng.choice((65, 75, 85, 95, 110, 125.5)),
            "Badge": {"text": f"{rng.randint(10**11, 10**12 - 1)}", "type": "ean13"},
            "Joined": joined.isoformat(),
        }
        made.setdefault(address, record(address, joined, fields))
    return list(made.values())


def _projects(rng: random.Random, people: Records) -> Records:
    managers = [one["key"] for one in people if one["fields"]["Role"] == "Project manager"] or [people[0]["key"]]
    pairs = [(client, goal) for client in _CLIENTS for goal in _GOALS]
    made = []
    for number, (client, goal) in enumerate(rng.sample(pairs, 32)):
        status = rng.choice(("Planned", "Active", "Active", "On hold", "Completed", "Completed", "Cancelled"))
        start = day(rng, 10, 60) if status == "Planned" else day(rng, -400, -60)
        fields = {
            "Name": f"{client}: {goal}",
            "Client": client,
            "Status": status,
            "Start": start.isoformat(),
            "Deadline": (start + timedelta(days=rng.randint(60, 300))).isoformat() if rng.random() < 0.9 else None,
            "Budget": rng.randint(4, 40) * 500,
            "Progress": {"Planned": 0, "Completed": 1}.get(status, rng.randint(1, 18) / 20),
            "Health": rng.randint(1, 5) if status in ("Active", "On hold") else None,
            "Lead": [rng.choice(managers)],
            "Brief": f"# {goal.capitalize()}\n\nFor *{client}*, fixed price.\n",
        }
        made.append(record(f"project-{number + 1}", min(start, TODAY), fields))
    return made


def _tasks(rng: random.Random, projects: Records, people: Records) -> Records:
    made: Records = []
    for number in range(420):
        project = rng.choice(projects)["key"]
        status = rng.choice(("To do", "In progress", "In review", "Done", "Done"))
        earlier = [one["key"] for one in made[-60:] if one["fields"]["Project"] == [project]]
        fields = {
            "Name": f"{rng.choice(_VERBS)} {rng.choice(_THINGS)}",
            "Project": [project],
            "Assignees": [one["key"] for one in rng.sample(people, rng.choice((0, 1, 1, 1, 2)))],
            "Status": status,
            "Priority": rng.choice((None, 1, 2, 3)),
            "Estimate": rng.choice((1, 2, 3.5, 4, 6, 8, 12, 16)),
            "Due": day(rng, -120, 90).isoformat() if rng.random() < 0.85 else None,
            "Done": status == "Done",
            "Blocked by": rng.sample(earlier, 1) if earlier and rng.random() < 0.2 else None,
            "Watchers": [user(rng)] if rng.random() < 0.3 else None,
        }
        comments = rng.choice((0, 0, 0, 2))
        made.append(record(f"task-{number + 1}", day(rng, -300, -125), fields, commentCount=comments))
    return made


def _time_entries(rng: random.Random, tasks: Records) -> Records:
    worked = [task for task in tasks if task["fields"].get("Assignees") and task["fields"]["Status"] != "To do"]
    made = []
    for number in range(700):
        task = rng.choice(worked)
        on = day(rng, -120, -1)
        fields = {
            "What": task["fields"]["Name"],
            "Task": [task["key"]],
            "Person": [rng.choice(task["fields"]["Assignees"])],
            "Day": on.isoformat(),
            "Hours": rng.choice((0.25, 0.5, 1, 1.5, 2, 2.75, 3, 4)),
            "Billable": rng.random() < 0.8,
        }
        made.append(record(f"entry-{number + 1}", on, fields))
    return made


def _expenses(rng: random.Random, projects: Records) -> Records:
    made = []
    for number in range(110):
        category = rng.choice(list(_EXPENSES))
        on: date = day(rng, -200, -1)
        approved = rng.random() < 0.7
        receipt = f"https://files.example.com/receipts/{on:%Y-%m}/{number + 1:04d}.pdf"
        fields = {
            "Description": rng.choice(_EXPENSES[category]),
            "Project": [rng.choice(projects)["key"]],
            "Amount": round(rng.lognormvariate(5.6, 1.0), 2),
            "Day": on.isoformat(),
            "Category": category,
            "Receipt": [{"url": receipt, "filename": f"receipt-{number + 1}.pdf"}] if rng.random() < 0.6 else None,
            "Approved": approved,
            "Approved by": user(rng) if approved else None,
        }
        made.append(record(f"expense-{number + 1}", on, fields))
    return made
