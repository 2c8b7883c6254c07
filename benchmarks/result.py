"""One benchmark's result: printed for people, committed for comparison."""

import json
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

FOLDER = Path(__file__).parent / "results"


def save(name: str, figures: Mapping[str, float], **circumstances: Any) -> None:
    """Print the figures and write them with what they were taken on to `results/<name>.json`."""
    for label, value in figures.items():
        print(f"{value:10.3f}  {label}")
    machine = f"{psutil.cpu_count()} cores, {platform.system()} {platform.machine()}"
    taken = {
        "taken": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{machine}, Python {platform.python_version()}",
        **circumstances,
    }
    content = {
        "figures": {label: round(value, 3) for label, value in figures.items()},
        "circumstances": taken,
    }
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n")
