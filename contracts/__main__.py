"""`python -m contracts` writes the JSON Schema goldens; `--check` only says whether they are up to date."""

import argparse
import sys

from contracts import schemas


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m contracts", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 when a golden is out of date")
    if not parser.parse_args().check:
        schemas.write()
        return 0
    for line in (wrong := schemas.differences()):
        print(f"contracts/schemas/{line}; run `python -m contracts`", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
