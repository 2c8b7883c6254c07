"""Which names and ports an app can have."""

import keyword
import re
import sys
from pathlib import Path

import yaml

from scaffold.refused import Refused

LONGEST = 40  # characters; Dapr takes 53, people read fewer
FIRST_FREE, LAST_FREE = 8070, 8099  # below are the platform's own services, above derived ports would meet
DISTANCES = (0, 5500, 5600, 5700, 5800, 5900)  # the app, its sidecar's four, its telemetry
TAKEN_BY_THE_MACHINE = {8100, 8101, 15432, 16379, *range(8201, 8222)}  # simulators, data tier, control plane


def package(app_id: str) -> str:
    return app_id.replace("-", "_")


def word(app_id: str) -> str:
    """What the app is about, for paths and error codes: note-service is about `note`."""
    return app_id.removesuffix("-service")


def check_name(root: Path, app_id: str) -> None:
    """Raises Refused when no app can be called so, or something is."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", app_id):
        raise Refused(f"{app_id!r} cannot be an app-id: lowercase words joined by '-', for example note-service")
    if len(app_id) > LONGEST:
        raise Refused(f"{app_id!r} has {len(app_id)} characters, at most {LONGEST} are taken")
    if package(app_id) in sys.stdlib_module_names or keyword.iskeyword(package(app_id)) or app_id == "pyairtable":
        raise Refused(f"{app_id!r} is the name of something Python already imports; {app_id}-service would do")
    places = [f"apps/{package(app_id)}", f"tests/{package(app_id)}", f"contracts/{package(app_id)}.py"]
    for place in places:
        if (root / place).exists():
            raise Refused(f"{place} exists: choose another name, or take it out with `make rm APP={app_id}`")
    if app_id in ports(root):
        raise Refused(f"dapr.yaml already lists {app_id}")


def check_exists(root: Path, app_id: str) -> None:
    if app_id not in ports(root) and not (root / "apps" / package(app_id) / "__init__.py").is_file():
        raise Refused(f"there is no app {app_id!r}; there are: {', '.join(sorted(ports(root)))}")


def ports(root: Path) -> dict[str, int]:
    """App port by app-id, from dapr.yaml."""
    listed = yaml.safe_load((root / "dapr.yaml").read_text("utf-8"))["apps"]
    return {str(app["appID"]): int(app["appPort"]) for app in listed}


def choose_port(root: Path, wanted: int | None) -> int:
    """The wanted port, or the first free one. Raises Refused with who has it."""
    owners = {port + distance: app for app, port in ports(root).items() for distance in DISTANCES}
    owners |= dict.fromkeys(TAKEN_BY_THE_MACHINE, "what runs beside the apps")
    for port in [wanted] if wanted is not None else range(FIRST_FREE, LAST_FREE + 1):
        if not 8000 <= port <= 8999:
            raise Refused(f"port {port} is outside 8000 to 8999: copies of an app add 1000 to their ports")
        clash = next((port + distance for distance in DISTANCES if port + distance in owners), None)
        if clash is None:
            return port
        if wanted is not None:
            raise Refused(f"port {port} cannot be had: {clash} belongs to {owners[clash]}")
    raise Refused(f"no port from {FIRST_FREE} to {LAST_FREE} is free: say one, PORT=…")
