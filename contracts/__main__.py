"""`python -m contracts` writes the goldens: JSON Schemas, and the AsyncAPI document of the events.

`--check` only says whether they are up to date and break no released event; `--release` makes them the released ones.
"""

import argparse
import sys

from contracts import schemas


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m contracts", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 when a golden is out of date")
    parser.add_argument("--release", action="store_true", help="compare later changes with what the goldens say now")
    asked = parser.parse_args()
    if not asked.check:
        schemas.write()
    wrong = schemas.differences()
    for line in wrong:
        print(f"contracts/schemas/{line}; run `python -m contracts`", file=sys.stderr)
    broken = schemas.release() if asked.release else schemas.breaks()
    for line in broken:
        print(f"{line}. Leave it as it was, or publish another version of the event beside it", file=sys.stderr)
    return 1 if wrong or broken else 0


if __name__ == "__main__":
    sys.exit(main())
