"""A tenant's connections to Airtable: a token each, and what its owner said of its scopes."""

import re

Scopes = frozenset[str]

_NAME = re.compile(r"[a-z0-9-]{1,40}")
_SCOPE = re.compile(r"[a-zA-Z]+(\.[a-zA-Z]+)*:[a-zA-Z]+")


def declared(text: str) -> dict[str, Scopes | None]:
    """Connection → its scopes, None where they are not told: `default, sales=data.records:read schema.bases:read`.

    Raises ValueError for anything else.
    """
    found: dict[str, Scopes | None] = {}
    for one in text.split(","):
        name, told, scopes = (part.strip() for part in one.partition("="))
        if not _NAME.fullmatch(name):
            raise ValueError("a connection is called by a-z, 0-9 and -, e.g. `default,sales=data.records:read`")
        if name in found:
            raise ValueError(f"{name} is there twice")
        if wrong := [scope for scope in scopes.split() if not _SCOPE.fullmatch(scope)]:
            raise ValueError(f"{wrong[0][:80]} is no scope, such as data.records:read")
        found[name] = frozenset(scopes.split()) if told else None
    return found


def tells_scopes(token: str) -> bool:
    """Whether Airtable's whoami says what the token may do: it does for OAuth, not for personal access tokens."""
    return not token.startswith("pat")
