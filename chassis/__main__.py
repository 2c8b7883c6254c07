"""`python -m chassis <app-id>` runs one app."""

import sys

from ._serve import main

if __name__ == "__main__":
    if len(sys.argv) != 2:
        print("usage: python -m chassis <app-id>", file=sys.stderr)
        sys.exit(64)
    main(sys.argv[1])
