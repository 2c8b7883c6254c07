"""`python -m cli`, and `pyat` once `make` has written it to .venv/bin."""

from cli.commands import main

if __name__ == "__main__":
    main()
