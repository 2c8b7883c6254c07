"""Who a token is and what it may do: scopes, bases, and what its user may do in a base."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.airtable import errors
from sandbox.airtable.schema import Base

SCOPES = frozenset(
    {
        "data.records:read", "data.records:write", "data.recordComments:read", "data.recordComments:write",
        "schema.bases:read", "schema.bases:write", "webhook:manage", "user.email:read",
    }
)  # fmt: skip
#: What each scope that changes something needs of the user in the base.
_LEVEL_NEEDED = {
    "data.records:write": "edit",
    "data.recordComments:write": "comment",
    "schema.bases:write": "create",
    "webhook:manage": "create",
}
_LEVELS = ("none", "read", "comment", "edit", "create")


@dataclass(frozen=True)
class Grant:
    """`bases` None means all. `expires` is in seconds of the simulator's clock; personal tokens never do.

    `integration` is the OAuth client that the token was given to.
    """

    user_id: str
    scopes: frozenset[str] = SCOPES
    bases: frozenset[str] | None = None
    expires: float | None = None
    integration: str | None = None

    def check(self, scope: str) -> None:
        if scope not in self.scopes:
            raise errors.model_not_found()

    def sees(self, base_id: str) -> bool:
        return self.bases is None or base_id in self.bases


#: Whose request has not been admitted.
NOBODY = Grant("", frozenset(), frozenset())


def permits(base: Base, scope: str | None) -> bool:
    """Whether people with the base's permission level may do what the scope is for."""
    needed = _LEVEL_NEEDED.get(scope or "")
    return needed is None or _LEVELS.index(base.permission_level) >= _LEVELS.index(needed)


def scope_of(method: str, segments: list[str]) -> str | None:
    """The scope a request needs, None when any token may ask."""
    match segments:
        case ["v0", "meta", "whoami"]:
            return None
        case ["v0", "bases", _, "webhooks", *_]:
            return "webhook:manage"
        case ["v0", "meta" | "bases", *_]:
            return "schema.bases:read" if method == "GET" else "schema.bases:write"
        case [_, _, _, _, "comments", *_]:
            return "data.recordComments:read" if method == "GET" else "data.recordComments:write"
    reads = method == "GET" or segments[3:] == ["listRecords"]
    return "data.records:read" if reads else "data.records:write"
