"""Where the platform is and the key to it.

In this order: PLATFORM_URL and PLATFORM_KEY (the key alone goes to the address that `pyat login` stored, or to this
machine); what `pyat login` stored; `.run/client.env` of the current directory. A key never goes to an address that it
was not given for.
"""

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

LOCAL_URL = "http://127.0.0.1:8000"


class NotSetUp(Exception):
    """Nobody said where the platform is, or what was said cannot be read."""


@dataclass(frozen=True)
class Settings:
    url: str
    key: str
    source: str


def config_file() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "pyat" / "config.toml"


def load() -> Settings:
    """The settings in force. Raises NotSetUp with what to do."""
    url, key = os.environ.get("PLATFORM_URL"), os.environ.get("PLATFORM_KEY")
    if url and not key:
        raise NotSetUp("PLATFORM_URL is set and PLATFORM_KEY is not; a stored key is only sent to its own address.")
    if key:
        # Not the folder's address: whoever made the folder chose it, and would be sent this key.
        stored = None if url else _logged_in()
        return Settings((url or (stored.url if stored else LOCAL_URL)).rstrip("/"), key, "environment")
    found = _logged_in() or _beside_a_checkout()
    if found is None:
        raise NotSetUp("No platform is set up here. Run `pyat login`, or set PLATFORM_URL and PLATFORM_KEY.")
    return found


def _logged_in() -> Settings | None:
    path = config_file()
    if not path.exists():
        return None
    try:
        values = tomllib.loads(path.read_text("utf-8"))
        return Settings(str(values["url"]).rstrip("/"), str(values["key"]), str(path))
    except (OSError, KeyError, tomllib.TOMLDecodeError) as wrong:
        raise NotSetUp(f"{path} cannot be used ({wrong}). Write it anew with `pyat login`.") from wrong


def _beside_a_checkout() -> Settings | None:
    path = Path(".run/client.env")
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError:
        return None
    pairs = (line.removeprefix("export ").partition("=") for line in lines)
    values = {name.strip(): value.strip().strip("'\"") for name, _, value in pairs}
    if not (values.get("PLATFORM_URL") and values.get("PLATFORM_KEY")):
        return None
    return Settings(values["PLATFORM_URL"].rstrip("/"), values["PLATFORM_KEY"], str(path))


def store(url: str, key: str) -> Path:
    """Write the pair where only this user can read it. Raises ValueError for what TOML cannot hold unescaped."""
    for value in (url, key):
        if not value or any(character in value for character in '"\\') or not value.isprintable():
            raise ValueError("an address and a key are printable, without quotes or backslashes")
    path = config_file()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(f'url = "{url.rstrip("/")}"\nkey = "{key}"\n')
    fresh.replace(path)
    return path
