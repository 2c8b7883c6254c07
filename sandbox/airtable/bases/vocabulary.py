"""Names and words the bases are made of, and dates to put them on."""

from __future__ import annotations

import random
import unicodedata
from datetime import date, timedelta
from typing import Any


def _words(text: str) -> list[str]:
    return text.split()


USERS = [
    {"name": "Amara Osei", "email": "amara.osei@northwind.example"},
    {"name": "Tomás Rivera", "email": "tomas.rivera@northwind.example"},
    {"name": "Ingrid Solberg", "email": "ingrid.solberg@northwind.example"},
    {"name": "Kenji Watanabe", "email": "kenji.watanabe@northwind.example"},
    {"name": "Leila Haddad", "email": "leila.haddad@northwind.example"},
]

FIRST_NAMES = _words(
    "Ada Ahmed Aisha Alejandro Anna Antoine Beatriz Björn Carla Chidi Claire Daniel Elena Emeka Emma Fatima Felix "
    "Freya Giulia Hana Hiroshi Ines Isaac Ivana Jamal Jana Jonas Julia Karim Katarzyna Lars Laura Leon Lucía Marek "
    "Maria Mateo Mei Mina Nadia Nils Nora Olga Omar Paula Priya Rafael Rosa Samir Sofia Stefan Sven Tara Thandi "
    "Viktor Yara Yusuf Zoë"
)
LAST_NAMES = _words(
    "Abe Almeida Andersson Bauer Becker Bianchi Castillo Chen Costa Diallo Dubois Eriksen Fernández Fischer Garcia "
    "Haas Hansen Hoffmann Ibrahim Ivanov Jensen Kaya Khan Kim Kowalski Larsen Leclerc Lindqvist López Mbeki Meyer "
    "Moreau Müller Nakamura Ndiaye Novak O'Brien Okafor Oliveira Patel Petrov Quinn Ricci Rossi Santos Schmidt "
    "Silva Singh Sørensen Takahashi Torres Vogel Wagner Weber Wójcik Yılmaz Zhang Zimmermann"
)
CITIES = _words(
    "Berlin Hamburg Lisbon Porto Madrid Valencia Lyon Nantes Rotterdam Antwerp Aarhus Oslo Gothenburg Gdańsk Kraków "
    "Vienna Graz Zürich Milan Turin Dublin Leeds Bristol Tallinn Vilnius"
)
COMPANY_WORDS = _words(
    "Alder Anchor Aurora Basalt Beacon Birch Cobalt Compass Copper Delta Ember Falcon Fjord Granite Harbor Hazel "
    "Horizon Iris Juniper Kestrel Lantern Linden Maple Meridian Mistral Nimbus Northgate Orchard Osprey Pioneer "
    "Quarry Raven Ridge Sable Saffron Sierra Summit Tern Tidewater Umbra Vantage Verdant Willow Zephyr"
)
COMPANY_KINDS = {
    "Software": ("Systems", "Software", "Labs", "Cloud"),
    "Manufacturing": ("Works", "Industries", "Tools", "Precision"),
    "Logistics": ("Freight", "Logistics", "Shipping", "Transport"),
    "Healthcare": ("Health", "Clinics", "Medical", "Care"),
    "Retail": ("Market", "Stores", "Goods", "Outfitters"),
    "Energy": ("Energy", "Power", "Solar", "Grid"),
    "Education": ("Academy", "Learning", "Institute", "School"),
}

TODAY = date(2026, 3, 16)


def person(rng: random.Random) -> tuple[str, str]:
    return rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)


def ascii_word(text: str) -> str:
    """As a name is written in addresses: `Sørensen` → `sorensen`, `O'Brien` → `obrien`."""
    plain = text.translate(str.maketrans("øØłŁıßđæ", "oOlLisda"))
    folded = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return "".join(letter for letter in folded.lower() if letter.isalnum())


def phone(rng: random.Random) -> str:
    country = rng.choice(("49", "351", "34", "33", "31", "45", "47", "48", "43", "353"))
    return f"+{country} {rng.randint(20, 99)} {rng.randint(100, 999)} {rng.randint(1000, 9999)}"


def day(rng: random.Random, earliest: int, latest: int) -> date:
    """A day that many days from `TODAY`."""
    return TODAY + timedelta(days=rng.randint(earliest, latest))


def moment(rng: random.Random, on: date) -> str:
    return f"{on.isoformat()}T{rng.randint(7, 17):02d}:{rng.choice((0, 15, 30, 45)):02d}:00.000Z"


def user(rng: random.Random) -> dict[str, str]:
    return {"email": rng.choice(USERS)["email"]}


def record(key: str, on: date, fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A record of a seed document, made at nine o'clock that day; empty cells are left out."""
    cells = {name: value for name, value in fields.items() if value not in (None, "", [], False)}
    return {"key": key, "createdTime": f"{on.isoformat()}T09:00:00.000Z", "fields": cells, **more}
