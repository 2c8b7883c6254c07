"""What an app can do, as its folder says: each file is one ability."""

from collections.abc import Iterable
from pathlib import Path


def having(root: Path, app_ids: Iterable[str], *abilities: str) -> list[str]:
    """Those of the apps that have one of these: `jobs`, `workflow`, `subscriptions` …, a module or a package."""
    return [
        app_id
        for app_id in app_ids
        if any(
            (root / "apps" / app_id.replace("-", "_") / name).exists()
            for ability in abilities
            for name in (f"{ability}.py", ability)
        )
    ]
