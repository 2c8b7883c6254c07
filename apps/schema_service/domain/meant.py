"""The name that somebody may have meant."""

from collections.abc import Sequence
from difflib import get_close_matches


def meant(called: str, names: Sequence[str]) -> str:
    """` Did you mean X?`, or nothing when no name is like it."""
    folded = {name.casefold(): name for name in names}
    close = get_close_matches(called.casefold(), folded, n=1)
    return f" Did you mean {folded[close[0]]}?" if close else ""
