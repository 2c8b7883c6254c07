"""Rules on the text of every tracked file."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from tests.house.rules.source import text, tracked

LOCK = "uv.lock"
# Put together from pieces, so that this file does not break its own rules.
MACHINE_PATH = re.compile(
    "(?<![\\w.$}])/(?:" + "|".join(("work", "root", "home/[a-z]\\w*", "Users/[A-Za-z]\\w*")) + ")/"
)
LEFT_OPEN = re.compile(
    r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "NotImplemented" + "Error")) + r")\b"
)
SECRETS = (
    r"\bpat[A-Za-z0-9]{14}\.[0-9a-f]{64}\b",
    r"\bpya_[A-Za-z0-9]{32,}\b",
    "-----BEGIN [A-Z ]*PRIVATE" + r" KEY-----(?:$|\\n[A-Za-z0-9+/]{16})",  # the bare header is no secret
)
SECRET = re.compile("|".join(SECRETS))
REGISTRIES = (
    "py" + "pi.org",
    "python" + "hosted.org",
    "npm" + "js.org",
    "proxy.go" + "lang.org",
    "sum.go" + "lang.org",
)


def searched(root: Path, pattern: re.Pattern[str], says: str, *, lock: bool = False) -> list[str]:
    return [
        f"{path.relative_to(root)}:{number} {says}: {found}"
        for path, number, found in matches(root, pattern)
        if lock or path.name != LOCK
    ]


def matches(root: Path, pattern: re.Pattern[str]) -> Iterator[tuple[Path, int, str]]:
    for path in tracked(root):
        for number, line in enumerate((text(path) or "").splitlines(), 1):
            found = pattern.search(line)
            if found:
                yield path, number, found.group()


def no_machine_path(root: Path) -> list[str]:
    return searched(root, MACHINE_PATH, "names a path of one machine")


def nothing_left_open(root: Path) -> list[str]:
    return searched(root, LEFT_OPEN, "leaves something open")


def no_secret(root: Path) -> list[str]:
    return searched(root, SECRET, "looks like a secret", lock=True)


def no_registry_host(root: Path) -> list[str]:
    """A registry is whatever this machine's package tools are set to; only the lock file names one."""
    lock = (root / LOCK).read_text("utf-8") if (root / LOCK).is_file() else ""
    locked = {urlsplit(url).hostname or "" for url in re.findall(r'registry = "([^"]+)"', lock)}
    hosts = "|".join(re.escape(host) for host in sorted({*REGISTRIES, *locked}) if host)
    return searched(root, re.compile(hosts), "names a package registry")
