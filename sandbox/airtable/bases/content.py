"""What a company publishes, where, for which campaign, and how it went."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from sandbox.airtable.bases.vocabulary import TODAY, USERS, day, moment, record, user

Records = list[dict[str, Any]]
_CHANNELS = {
    "Company page": ("LinkedIn", "https://linkedin.example/company/northwind", 18_400),
    "Founder's page": ("LinkedIn", "https://linkedin.example/in/amara-osei", 7_950),
    "Monthly letter": ("Newsletter", "https://letters.northwind.example", 5_210),
    "Engineering blog": ("Blog", "https://engineering.northwind.example", 3_300),
    "Customer stories": ("Blog", "https://www.northwind.example/stories", 2_150),
    "Tutorials": ("YouTube", "https://video.example/northwind", 12_700),
    "Open source": ("Mastodon", "https://social.example/@northwind", 1_480),
}
_CAMPAIGNS = (
    "Spring launch", "Partner week", "Summer school", "Hiring drive", "Trade fair Hannover", "Open data day",
    "Customer awards", "Autumn release", "Security month", "Year in review", "Design sprint", "Referral programme",
    "Public roadmap", "Migration offer",
)  # fmt: skip
_TITLES = (
    "How {} cut onboarding time in half", "Five lessons from {}", "What we changed after {}", "Behind the scenes of {}",
    "A field guide to {}", "{}: questions and answers", "Why we bet on {}", "Getting started with {}",
)  # fmt: skip
_SUBJECTS = (
    "our new importer", "the pricing page", "Harbor Clinics", "weekly releases", "remote hiring", "data quality",
    "the summer school", "Tidewater Freight", "accessible charts", "on-call rotations", "linked records",
)  # fmt: skip
_TOPICS = ("Product", "Customers", "Engineering", "Hiring", "Events")
_KINDS = {"Photo": "jpg", "Illustration": "png", "Video": "mp4", "Chart": "svg"}


def records(rng: random.Random) -> dict[str, Records]:
    assets = _assets(rng)
    return {
        "Posts": _posts(rng, [asset["key"] for asset in assets]),
        "Channels": _channels(),
        "Campaigns": _campaigns(rng),
        "Assets": assets,
    }


def _channels() -> Records:
    return [
        record(name, TODAY - timedelta(days=900), {
            "Name": name, "Platform": platform, "Address": address, "Followers": followers,
        })
        for name, (platform, address, followers) in _CHANNELS.items()
    ]  # fmt: skip


def _campaigns(rng: random.Random) -> Records:
    made = []
    for name in _CAMPAIGNS:
        start = day(rng, -300, 60)
        fields = {
            "Name": name,
            "Goal": f"{rng.randint(2, 40) * 10} sign-ups from people who read about {rng.choice(_SUBJECTS)}.",
            "Start": start.isoformat(),
            "End": (start + timedelta(days=rng.choice((7, 14, 30, 45)))).isoformat(),
            "Budget": rng.randint(1, 30) * 250,
            "Summary": f"{name}: sign-ups from readers.",
            "Source": "Marketing plan",
        }
        made.append(record(name, min(start, TODAY) - timedelta(days=30), fields))
    return made


def _posts(rng: random.Random, assets: list[str]) -> Records:
    made = []
    for number in range(260):
        on = day(rng, -330, 45)
        status = "Published" if on < TODAY else rng.choice(("Idea", "Draft", "In review", "Scheduled"))
        published = status == "Published"
        channel = rng.choice(list(_CHANNELS))
        impressions = int(_CHANNELS[channel][2] * rng.uniform(0.05, 0.9)) if published else None
        clicks = int(impressions * rng.betavariate(1.4, 30)) if impressions else None
        subject = rng.choice(_SUBJECTS)
        title = rng.choice(_TITLES).format(subject)
        fields = {
            "Title": title[0].upper() + title[1:],
            "Body": f"We write about **{subject}**, with numbers.\n" if status != "Idea" else None,
            "Status": status,
            "Channel": [channel],
            "Campaign": [rng.choice(_CAMPAIGNS)] if rng.random() < 0.7 else None,
            "Publish at": moment(rng, on) if status != "Idea" else None,
            "Author": user(rng),
            "Topics": rng.sample(_TOPICS, rng.randint(0, 2)),
            "Impressions": impressions,
            "Clicks": clicks,
            "Engagement rate": round(clicks / impressions, 4) if impressions and clicks is not None else None,
            "Assets": rng.sample(assets, rng.choice((0, 1, 1, 2))),
            "Link": f"{_CHANNELS[channel][1]}/{number + 1}" if published else None,
        }
        made.append(record(f"post-{number + 1}", min(on, TODAY) - timedelta(days=10), fields))
    return made


def _assets(rng: random.Random) -> Records:
    made = []
    for number in range(90):
        kind = rng.choice(list(_KINDS))
        subject = rng.choice(_SUBJECTS)
        filename = f"{kind.lower()}-{number + 1:03d}.{_KINDS[kind]}"
        fields = {
            "Name": f"{kind} of {subject}",
            "Kind": kind,
            "File": [{"url": f"https://files.example.com/assets/{filename}", "filename": filename}],
            "Alt text": f"{kind} showing {subject}." if rng.random() < 0.6 else None,
            "Licence code": {"text": f"NW-{rng.randint(1000, 9999)}"} if kind == "Photo" else None,
        }
        uploader = rng.choice(USERS)["email"]
        made.append(record(f"asset-{number + 1}", day(rng, -400, -40), fields, createdBy=uploader))
    return made
