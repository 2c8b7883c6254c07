"""`python -m sandbox.airtable`: serve until a signal."""

from __future__ import annotations

import argparse
import ipaddress
import os
import signal
import sys
from pathlib import Path
from typing import Any

from sandbox.airtable.limits import LimitSettings


def main(arguments: list[str] | None = None) -> int:
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == ["conformance"]:
        from sandbox.airtable import conformance

        return conformance.main(given[1:])
    options = _parser().parse_args(given)
    from sandbox.airtable.seed import InvalidSeed
    from sandbox.airtable.server import Servers, bind, url_of
    from sandbox.airtable.state import Sandbox
    from sandbox.airtable.state_file import InvalidStateFile, StateFile

    tokens = frozenset(options.token or filter(None, _tokens_of_environment()))
    if not tokens and not _is_loopback(options.host):
        return _refuse(f"--host {options.host} is not loopback: give tokens in AIRTABLE_SANDBOX_TOKENS")
    try:
        api, admin = bind(options.host, options.port), bind("127.0.0.1", options.admin_port)
    except OSError as error:
        return _refuse(f"cannot listen on port {options.port} and {options.admin_port}: {error}")
    try:
        sandbox = Sandbox(
            _seed(options.seed),
            tokens=tokens,
            limits=LimitSettings(options.limits == "exact", calls_per_month=options.calls_per_month),
            missing_record=options.missing_record,
            missing_table=options.missing_table,
            fetch=options.fetch,
            origin=options.public_url.rstrip("/") or url_of(api),
            state_file=StateFile(options.state, sync=options.sync) if options.state else None,
        )
    except (InvalidSeed, InvalidStateFile, OSError) as error:
        return _refuse(f"{'--state' if isinstance(error, InvalidStateFile) else '--seed'}: {error}")
    servers = Servers(sandbox, api, admin)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: servers.stop())
    bases = ", ".join(f"{base.name} {base.id}" for base in sandbox.bases.values())
    api_port, admin_port = api.getsockname()[1], admin.getsockname()[1]
    print(f"Airtable sandbox on http://{options.host}:{api_port}, admin on http://127.0.0.1:{admin_port}")
    print(f"limits {options.limits}; bases: {bases}", flush=True)
    servers.run()
    sandbox.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.airtable",
        description="A simulator of the Airtable Web API with three seeded bases.",
        epilog="Tokens are best given as AIRTABLE_SANDBOX_TOKENS (comma separated), which no process list "
        "shows. Without any, every token that starts with `pat` is accepted. `conformance --help` tells how to "
        "compare with the real Airtable.",
    )
    parser.add_argument("--port", type=int, default=8100, help="of the API (8100); 0 takes a free one")
    parser.add_argument("--admin-port", type=int, default=8101, help="of the admin plane (8101), always on loopback")
    parser.add_argument("--host", default="127.0.0.1", help="the API's address (127.0.0.1)")
    parser.add_argument("--token", action="append", metavar="T", help="accept only this token; repeatable")
    parser.add_argument("--seed", type=Path, metavar="FILE", help="bases to start with (YAML or JSON)")
    parser.add_argument(
        "--limits",
        choices=("exact", "off"),
        default="exact",
        help="5/s per base with 30 s penalty, 50/s per user, or none",
    )
    parser.add_argument("--calls-per-month", type=int, metavar="N", help="refuse more than a plan would (no limit)")
    parser.add_argument("--state", type=Path, metavar="FILE", help="keep what is written in this file")
    parser.add_argument("--sync", action="store_true", help="lose nothing of --state by a loss of power either; slow")
    parser.add_argument("--public-url", default="", help="where attachments' URLs point (the API's address)")
    parser.add_argument(
        "--fetch", choices=("loopback", "any", "none"), default="loopback", help="which attachments' URLs are fetched"
    )
    parser.add_argument(
        "--missing-record",
        choices=("404", "404-text", "403"),
        default="404",
        help="answer for a record that does not exist: 404 as recorded in 2022, with the bare text as error, "
        "or 403 as reported in 2026",
    )
    parser.add_argument(
        "--missing-table",
        choices=("403", "404"),
        default="403",
        help="answer for a table that does not exist: 403 as documented, 404 as recorded in 2022",
    )
    return parser


def _tokens_of_environment() -> list[str]:
    return [token.strip() for token in os.environ.get("AIRTABLE_SANDBOX_TOKENS", "").split(",")]


def _seed(path: Path | None) -> dict[str, Any]:
    from sandbox.airtable.bases import builtin
    from sandbox.airtable.seed import read_seed

    return builtin() if path is None else read_seed(path.read_bytes(), str(path))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refuse(message: str) -> int:
    print(f"sandbox.airtable: {message}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
