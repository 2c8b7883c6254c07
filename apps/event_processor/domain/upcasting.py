"""Events of an old version of their contract, told as the newest one would tell them.

A class of version n in contracts may say how data of version n-1 reads as its own:

    @staticmethod
    def upcast(data: dict[str, Any]) -> dict[str, Any]: ...

Nothing stored changes: who reads sees the newest version that leads on from what was stored.
"""

import re
from typing import Any

from apps.event_processor.domain import catalogue

_VERSION = re.compile(r"[1-9][0-9]{0,3}")


def upcast(kind: str, data: Any) -> tuple[str, Any]:
    """The newest (type, data) that lead on from these; the same where there are none, or where one cannot read them."""
    topic, version = catalogue.topic_of(kind), _version(kind)
    while version and (step := getattr(catalogue.types().get(f"{topic}.v{version + 1}"), "upcast", None)):
        try:
            data = step(data)
        except (AttributeError, LookupError, TypeError, ValueError):
            break  # better told as it was than not at all
        version += 1
    return f"{topic}.v{version}" if version else kind, data


def with_older(kind: str) -> list[str]:
    """This type, and those whose events may be told as it."""
    topic, version = catalogue.topic_of(kind), _version(kind)
    kinds = [kind]
    while hasattr(catalogue.types().get(kinds[-1]), "upcast") and version > 1:
        version -= 1
        kinds.append(f"{topic}.v{version}")
    return kinds


def _version(kind: str) -> int:
    """0 for what has none, as people may ask for and the bus may bring."""
    version = kind.rpartition(".v")[2]
    return int(version) if _VERSION.fullmatch(version) else 0
