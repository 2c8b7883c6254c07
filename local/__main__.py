"""`python -m local`: the platform on this machine."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from . import breaking
from .errors import SetupError

_UP = """\
Start the data tier, the control plane, the simulated Airtable, and every app with its sidecar. It stays in the
foreground, restarts what dies and stops everything at Ctrl-C. It is up when each app has answered through its
own sidecar.

With AIRTABLE_TOKEN in the environment the real Airtable is used, read-only unless --allow-writes is given."""
_INFRA = """\
Start only what `dapr run -f dapr.yaml` does not: data tier, control plane, simulated Airtable. Then:
    . .run/env && dapr run -f dapr.yaml"""

_BACKUP = """\
Write one archive, readable by you only, of what cannot be made again: the databases of all apps as they were at one
moment, every key and password, blobs. The platform may run or not. An archive fits the same PostgreSQL version on
the same kind of machine; caches, logs and jobs of the scheduler are not in it."""

_AUDIT_KEY = """\
Make a new key for the audit trail's checkpoints. The one before signs that it hands over to it, so that all it signed
still verifies, offline too, with either key; its private half is gone. What it signs for a moment after the overlap is
believed nowhere. A running audit-service takes the new key by itself; in Kubernetes: --run-dir .run/kubernetes, then
`kubernetes-secrets`, apply, and `kubectl rollout restart` within the overlap."""

_SECRETS = """\
Write secrets.yaml, readable by you only, with every Secret that k8s/ names. What was made once is kept in the folder:
a second run changes nothing but what you changed. From the environment: AIRTABLE_TOKEN, and AIRTABLE_TOKEN_SALES for a
connection `sales`; REDIS_PASSWORD for a server of
your own; DATABASE_URL, an administrator's as this machine reaches the server, to make the apps' roles and databases."""


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, summary: str, description: str | None = None) -> argparse.ArgumentParser:
        one = commands.add_parser(
            name,
            help=summary,
            description=description or summary,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name not in ("configure", "dapr", "kubernetes-secrets"):
            one.add_argument(
                "--run-dir", type=Path, default=Path(".run"), metavar="DIR", help="where everything is kept (.run)"
            )
        return one

    def starts(one: argparse.ArgumentParser) -> None:
        one.add_argument(
            "--port-offset",
            type=int,
            default=0,
            metavar="N",
            help="added to every port, for a second mesh: 1000, 2000 … 14000",
        )
        one.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            dest="assignments",
            help="a setting of an app, e.g. AIRTABLE_CONNECTOR_READ_CACHE_TTL=0; may be repeated",
        )
        one.add_argument("--allow-writes", action="store_true", help="let the platform write to the real Airtable")

    up = command("up", "start the platform and keep it running", _UP)
    starts(up)
    up.add_argument("--detach", action="store_true", help="return once everything is ready; stop it with `down`")
    up.add_argument("--through", default="", metavar="MODULE", help="run each app by this module; the drill's")
    up.add_argument("--apps", metavar="A,B", help="only these apps, e.g. api-gateway,airtable-connector")

    infra = command("infra", "start only what the official Dapr CLI needs around it", _INFRA)
    starts(infra)
    infra.add_argument("--stop", action="store_true", help="stop it again")

    command("down", "stop everything, also what a killed launcher left")
    status = command("status", "show every process: state, restarts, ports")
    status.add_argument("--json", action="store_true", help="the launcher's record as JSON")

    logs = command("logs", "show the logs of all processes, or of some, in the order of time")
    logs.add_argument("names", nargs="*", metavar="APP", help="an app (with its sidecar) or another process")
    logs.add_argument("-f", "--follow", action="store_true", help="go on with what comes")
    logs.add_argument("--since", metavar="TIME", help="90s, 5m, 2h, 1d back, or a time as 2026-01-31T12:00:00")
    logs.add_argument("--trace", default="", metavar="ID", help="only lines of this trace or request, of every process")
    logs.add_argument("--tenant", default="", help="only lines of this tenant")
    logs.add_argument("--level", default="", choices=["debug", "info", "warning", "error"], help="this or worse")
    logs.add_argument("--text", default="", help="only lines with this text, small or capital")
    logs.add_argument("--json", action="store_true", help="one JSON object a line, with its process")

    scale = command("scale", "run N replicas of an app, each with a sidecar")
    scale.add_argument("target", metavar="APP=N", help="e.g. airtable-connector=2")

    restart = command("restart", "end an app with its sidecar, or another process, and start it again")
    restart.add_argument("name", metavar="NAME", help="as `status` names it")

    breaking.add(command)

    doctor = command("doctor", "check this machine and what runs; each red line ends with its remedy")
    doctor.add_argument("--json", action="store_true", help="the checks as JSON")

    backup = command("backup", "write all databases, keys and blobs into one archive; the platform may run", _BACKUP)
    backup.add_argument("file", nargs="?", type=Path, metavar="FILE", help="backup-<date>-<time>.tar.gz by default")

    restore = command("restore", "make the run directory what it was when the archive was written")
    restore.add_argument("file", type=Path, metavar="FILE", help="what `backup` wrote")
    restore.add_argument("--replace", action="store_true", help="give up the data that are there now")

    audit_key = command("rotate-audit-key", "give the audit trail's checkpoints a new signing key", _AUDIT_KEY)
    audit_key.add_argument("--overlap", type=int, default=60, metavar="MINUTES", help="until all use the new one (60)")

    dapr = command("dapr", "get Dapr's programs: found, downloaded or built; prints where they are")
    dapr.add_argument("--cli", action="store_true", help="the official CLI too")

    configure = command("configure", "write config/dapr/, components/ and k8s/ from the code")
    configure.add_argument("--check", action="store_true", help="write nothing; fail if a file is not current")

    kubernetes = command("kubernetes-secrets", "make the Secrets that k8s/ names, and the databases", _SECRETS)
    kubernetes.add_argument(
        "--postgresql",
        required=True,
        metavar="HOST:PORT",
        help="the server as pods see it; HOST:PORT?sslmode=require …",
    )
    kubernetes.add_argument("--redis", required=True, metavar="HOST:PORT", help="the server as pods see it")
    kubernetes.add_argument("--into", type=Path, default=Path(".run/kubernetes"), metavar="DIR", help="%(default)s")
    return top


def run(arguments: argparse.Namespace) -> int:
    # Modules are imported where they are used: `status` must not wait for what only `up` needs.
    if arguments.command == "configure":
        from .generating import configure
        from .options import ROOT

        return configure(ROOT, check=arguments.check)
    if arguments.command == "kubernetes-secrets":
        from .kubernetes.secrets import make
        from .options import ROOT

        print(make(ROOT, arguments.into.absolute(), postgresql=arguments.postgresql, redis=arguments.redis))
        return 0
    if arguments.command == "dapr":
        from .brokers import Bus
        from .dapr_binaries import obtain
        from .options import ROOT

        print(obtain(with_cli=arguments.cli, components=Bus.read(ROOT).dapr_components))
        return 0
    from .run_dir import RunDirectory

    directory = RunDirectory(arguments.run_dir)
    match arguments.command:
        case "up" | "infra" if not getattr(arguments, "stop", False):
            return _start(arguments)
        case "down" | "infra":
            from .ending import down

            return down(directory)
        case "status":
            from .show import status

            return status(directory, as_json=arguments.json)
        case "logs":
            from .logs import Wanted, show

            return show(
                directory,
                arguments.names,
                follow=arguments.follow,
                since=arguments.since,
                colour=sys.stdout.isatty(),
                wanted=Wanted(arguments.trace, arguments.tenant, arguments.level, arguments.text),
                as_json=arguments.json,
            )
        case "backup" | "restore":
            from . import backup

            if arguments.command == "backup":
                return backup.backup(directory, arguments.file)
            return backup.restore(directory, arguments.file, replace=arguments.replace)
        case "rotate-audit-key":
            from .audit_key import rotate

            return rotate(directory, arguments.overlap)
        case "blast" | "drill":
            return breaking.run(directory, arguments)
        case "scale":
            return _scale(arguments.target, directory.control_socket)
        case "restart":
            from .control_socket import ask

            question = {"do": "restart", "app": arguments.name}
            print(f"restarted: {', '.join(ask(directory.control_socket, question)['changed'])}")
            return 0
        case _:
            from .doctor import examine

            return examine(directory, as_json=arguments.json)


def _start(arguments: argparse.Namespace) -> int:
    from .options import choose
    from .starting import start

    infra = arguments.command == "infra"
    apps = getattr(arguments, "apps", None)
    options = choose(
        arguments.run_dir,
        arguments.port_offset,
        apps=[name.strip() for name in apps.split(",") if name.strip()] if apps is not None else None,
        assignments=arguments.assignments,
        allow_writes=arguments.allow_writes,
        infra_only=infra,
        through=getattr(arguments, "through", ""),
    )
    return start(options, detach=infra or arguments.detach)


def _scale(target: str, ear: Path) -> int:
    from .control_socket import ask

    app_id, _, count = target.partition("=")
    if not count.isdecimal():
        raise SetupError(f"{target!r}: write APP=N, for example airtable-connector=2")
    changed = ask(ear, {"do": "scale", "app": app_id, "count": int(count)})["changed"]
    print(f"{app_id} runs {count} times" + (f"; changed: {', '.join(changed)}" if changed else " already"))
    return 0


def main(words: Sequence[str] | None = None) -> int:
    """Run one command. Expected trouble is one message and exit code 1, never a stack trace."""
    try:
        return run(parser().parse_args(words))
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
