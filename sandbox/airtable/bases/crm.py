"""Companies, their people, deals and what was done about them; and a table of leads nobody cleaned."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from sandbox.airtable.bases.leads import leads
from sandbox.airtable.bases.vocabulary import (
    CITIES,
    COMPANY_KINDS,
    COMPANY_WORDS,
    TODAY,
    USERS,
    ascii_word,
    day,
    moment,
    person,
    phone,
    record,
    user,
)

Records = list[dict[str, Any]]
_TITLES = (
    "Head of Operations", "CTO", "Procurement Manager", "IT Director", "Data Analyst", "COO", "Office Manager",
    "Product Owner", "Finance Lead", "Marketing Manager",
)  # fmt: skip
_ROLES = ("Champion", "Decision maker", "Technical evaluator", "Purchasing", "Executive sponsor")
_STAGES = {"Lead": 0.1, "Qualified": 0.25, "Proposal": 0.5, "Negotiation": 0.75, "Won": 1.0, "Lost": 0.0}
_PRODUCTS = ("rollout", "pilot", "renewal", "expansion", "migration", "support contract")
_SUBJECTS = {
    "Call": ("Intro call with {}", "Follow-up call with {}", "Pricing call with {}"),
    "Meeting": ("Kick-off with {}", "Quarterly review with {}", "On-site visit at {}"),
    "Email": ("Sent proposal to {}", "Sent contract draft to {}", "Answered security questions of {}"),
    "Demo": ("Product demo for {}", "Technical deep dive for {}"),
}


def records(rng: random.Random) -> dict[str, Records]:
    companies = _companies(rng)
    contacts = _contacts(rng, companies)
    deals = _deals(rng, companies, contacts)
    return {
        "Companies": companies,
        "Contacts": contacts,
        "Deals": deals,
        "Activities": _activities(rng, deals),
        "Lead import": leads(rng, companies),
    }


def _companies(rng: random.Random) -> Records:
    names = [
        (word, industry, kind) for word in COMPANY_WORDS for industry, kinds in COMPANY_KINDS.items() for kind in kinds
    ]
    made = []
    for word, industry, kind in rng.sample(names, 170):
        name = f"{word} {kind}"
        employees = int(rng.lognormvariate(4.6, 1.2)) + 3
        key_account = employees > 400 and rng.random() < 0.7
        fields = {
            "Name": name,
            "Website": f"https://www.{ascii_word(name)}.example",
            "Industry": industry,
            "Employees": employees,
            "Annual revenue": employees * rng.randint(80, 240) * 1000,
            "Phone": phone(rng) if rng.random() < 0.9 else None,
            "City": rng.choice(CITIES),
            "Notes": f"**{name}** buys through a framework contract.\n" if key_account else None,
            "Key account": key_account,
            "Account owner": user(rng),
        }
        made.append(record(ascii_word(name), day(rng, -700, -200), fields))
    return made


def _contacts(rng: random.Random, companies: Records) -> Records:
    made: Records = []
    seen = set()
    while len(made) < 400:
        company = rng.choice(companies)
        first, last = person(rng)
        address = f"{ascii_word(first)}.{ascii_word(last)}@{company['key']}.example"
        if address in seen:
            continue
        seen.add(address)
        fields = {
            "Name": f"{first} {last}",
            "Email": address if rng.random() < 0.95 else None,
            "Phone": phone(rng) if rng.random() < 0.7 else None,
            "Job title": rng.choice(_TITLES),
            "Company": [company["key"]],
            "Roles": rng.sample(_ROLES, rng.choice((0, 1, 1, 2))),
            "Newsletter": rng.random() < 0.4,
            "Birthday": day(rng, -22000, -8000).isoformat() if rng.random() < 0.3 else None,
        }
        made.append(record(address, day(rng, -500, -20), fields))
    return made


def _deals(rng: random.Random, companies: Records, contacts: Records) -> Records:
    made = []
    for number in range(280):
        company = rng.choice(companies)
        people = [one["key"] for one in contacts if one["fields"]["Company"] == [company["key"]]]
        stage = rng.choice(list(_STAGES))
        closed = stage in ("Won", "Lost")
        fields = {
            "Name": f"{company['fields']['Name']} {rng.choice(_PRODUCTS)}",
            "Company": [company["key"]],
            "Contacts": rng.sample(people, min(len(people), rng.randint(0, 2))),
            "Stage": stage,
            "Amount": round(rng.lognormvariate(9.3, 0.9), -1),
            "Probability": _STAGES[stage],
            "Close date": (day(rng, -180, -1) if closed else day(rng, 1, 150)).isoformat(),
            "Owner": user(rng),
        }
        comments = rng.choice((0, 0, 0, 1, 3))
        made.append(record(f"deal-{number + 1}", day(rng, -400, -190), fields, commentCount=comments))
    return made


def _activities(rng: random.Random, deals: Records) -> Records:
    made = []
    for number in range(500):
        deal = rng.choice(deals)
        kind = rng.choice(list(_SUBJECTS))
        on = date.fromisoformat(deal["fields"]["Close date"]) - timedelta(days=rng.randint(0, 120))
        people = deal["fields"].get("Contacts")
        company = deal["fields"]["Name"].rsplit(" ", 1)[0]
        fields = {
            "Subject": rng.choice(_SUBJECTS[kind]).format(company),
            "Type": kind,
            "When": moment(rng, on),
            "Duration": rng.choice((900, 1800, 2700, 3600, 5400)) if kind != "Email" else None,
            "Deal": [deal["key"]],
            "Contact": rng.sample(people, 1) if people else None,
            "Notes": "They want an answer before the end of the month." if rng.random() < 0.2 else None,
            "Done": on < TODAY,
        }
        logged_by = rng.choice(USERS)["email"]
        made.append(record(f"activity-{number + 1}", min(on, TODAY), fields, createdBy=logged_by))
    return made
