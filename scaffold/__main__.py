"""`python -m scaffold new|rm|readme`: the commands behind `make new`, `make rm` and the README's table."""

import argparse
import sys
from pathlib import Path

from scaffold import making, readme
from scaffold.refused import Refused

ROOT = Path(__file__).parents[1]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scaffold", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    new = commands.add_parser("new", help="make an app and name it everywhere")
    new.add_argument("app_id", help="e.g. note-service")
    new.add_argument("--port", type=int, help="the app port; the first free one from 8070 on if absent")
    rm = commands.add_parser("rm", help="take an app out, and every line that names it")
    rm.add_argument("app_id")
    rm.add_argument("--force", action="store_true", help="also when its files hold work that git does not have")
    table = commands.add_parser("readme", help="write the README's table of services")
    table.add_argument("--check", action="store_true", help="write nothing, exit 1 when it is out of date")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    try:
        match given.command:
            case "new":
                port = making.new(ROOT, given.app_id, given.port)
                print(f"{given.app_id} is made, on port {port}. Try it: make check && make test APP={given.app_id}")
            case "rm":
                making.remove(ROOT, given.app_id, force=given.force)
                print(f"{given.app_id} is gone.")
            case "readme" if given.check:
                readme.check(ROOT)
            case "readme":
                readme.write(ROOT)
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
