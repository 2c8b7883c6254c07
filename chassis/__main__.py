"""`python -m chassis <app-id>` runs one app; `python -m chassis migrations new <app-id> "…"` begins a migration."""

import sys
from pathlib import Path

from ._serve import main

USAGE = 64  # sysexits.h


def new_migration(app_id: str, message: str) -> int:
    from ._migrations import new

    app = Path("apps") / app_id.replace("-", "_")
    try:
        if not (app / "app.py").is_file():
            raise ValueError(f"there is no app {app_id}: {app}/app.py does not exist")
        print(new(app / "migrations", message))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["migrations", "new", app_id, message]:
            sys.exit(new_migration(app_id, message))
        case [app_id] if app_id != "migrations":
            main(app_id)
        case _:
            print("usage: python -m chassis <app-id>", file=sys.stderr)
            print('       python -m chassis migrations new <app-id> "what it does"', file=sys.stderr)
            sys.exit(USAGE)
