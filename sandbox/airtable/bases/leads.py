"""The dirty table: duplicates, gaps, and numbers, dates and addresses as people really paste them."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

from sandbox.airtable.bases.vocabulary import ascii_word, day, person, phone, record

_SOURCES = ("Trade fair", "Old CRM", "Web form", "web form", "Unknown")
_REMARKS = ("call back after easter", "?? duplicate", "met at booth 14", "DO NOT CONTACT", "speaks only French")


def leads(rng: random.Random, companies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """250 rows, of which about every sixth repeats an earlier one in another spelling."""
    rows: list[dict[str, Any]] = []
    while len(rows) < 250:
        if rows and rng.random() < 0.17:
            rows.append(_respelled(rng, rng.choice(rows)))
        else:
            rows.append(_row(rng, rng.choice(companies)))
    return [record(f"lead-{at + 1}", date(2026, 2, 2), fields) for at, fields in enumerate(rows)]


def _row(rng: random.Random, company: dict[str, Any]) -> dict[str, Any]:
    first, last = person(rng)
    return {
        "Name": rng.choice((f"{first} {last}", f"{last}, {first}", f"{first} {last}".upper(), first, None)),
        "Email": _email(rng, f"{ascii_word(first)}.{ascii_word(last)}@{company['key']}.example"),
        "Phone": _phone(rng),
        "Company": _company(rng, company["fields"]["Name"]),
        "Signed up": _date(rng, day(rng, -900, -30)),
        "Deal size": _amount(rng, rng.randint(5, 900) * 100),
        "Source": rng.choice((*_SOURCES, None)),
        "Remarks": rng.choice(_REMARKS) if rng.random() < 0.25 else None,
    }


def _respelled(rng: random.Random, row: dict[str, Any]) -> dict[str, Any]:
    again = dict(row)
    for name in rng.sample(("Name", "Email", "Company"), 2):
        text = row[name]
        if text:
            again[name] = rng.choice((text.upper(), text.lower(), f"{text} ", text.replace(" ", "  ")))
    again["Phone"] = rng.choice((row["Phone"], None, _phone(rng)))
    return again


def _email(rng: random.Random, address: str) -> str | None:
    broken = (address.replace("@", " at "), address.replace("@", ""), f"{address};", address.capitalize(), "n/a")
    return address if rng.random() < 0.6 else rng.choice((*broken, None))


def _phone(rng: random.Random) -> str | None:
    clean = phone(rng)
    loose = (clean.replace(" ", ""), clean.replace("+", "00"), clean.replace(" ", "-"), f"tel. {clean[3:]}")
    return rng.choice((clean, *loose, clean.split(" ", 1)[1], "unknown", None))


def _company(rng: random.Random, name: str) -> str | None:
    return rng.choice((name, name, f"{name} GmbH", f"{name.upper()}", name.split()[0], f" {name}", None))


def _date(rng: random.Random, on: date) -> str | None:
    forms = (
        on.isoformat(),
        f"{on:%d.%m.%Y}",
        f"{on.month}/{on.day}/{on:%y}",
        f"{on:%B} {on.day}, {on.year}",
        f"{on:%d %b}",
        f"Q{(on.month + 2) // 3} {on.year}",
        "2024-02-30",
        "last spring",
    )
    return rng.choice((*forms, None))


def _amount(rng: random.Random, amount: int) -> str | None:
    forms = (str(amount), f"{amount:,} €", f"€ {amount:,}.00", f"{amount / 1000:g}k", f"ca. {amount}", "tbd", "-")
    return rng.choice((*forms, f"{amount:,}".replace(",", ".") + ",00 EUR", None))
