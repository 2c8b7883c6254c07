"""`doctor`: is this machine fit, and is what runs healthy? One line a check, with the remedy as a command."""

import asyncio
import json
import os
import sys
from dataclasses import asdict

from ..credentials import Credentials
from ..errors import SetupError
from ..mesh import planned_ports
from ..options import choose
from ..run_dir import Record, RunDirectory
from . import machine
from .finding import Commands, Finding
from .readings import Readings
from .runtime import Runtime, own_pids


def examine(run: RunDirectory, *, as_json: bool, readings: Readings | None = None) -> int:
    """Print the report; 0 if every check is green, 1 if one is red."""
    findings = asyncio.run(report(run, readings or Readings()))
    healthy = all(finding.ok for finding in findings)
    if as_json:
        checks = [{**asdict(one), "remedy": None if one.ok else one.remedy} for one in findings]
        print(json.dumps({"healthy": healthy, "checks": checks}, indent=1))
    else:
        width = max(len(finding.check) for finding in findings)
        for finding in findings:
            print(line(finding, width, colour=sys.stdout.isatty()))
        red = sum(not finding.ok for finding in findings)
        print("All is well." if healthy else f"{red} of {len(findings)} checks failed.")
    return 0 if healthy else 1


async def report(run: RunDirectory, readings: Readings) -> list[Finding]:
    try:
        record = run.read_record() if run.path.exists() else None
    except SetupError:
        record, readable = None, False
    else:
        readable = True
    runs = record is not None and record.launcher_runs
    commands = Commands(run, record)
    findings = list(machine.checks(run, readings, commands, runs=runs))
    findings.append(machine.run_directory(run, record, commands, readable=readable))
    if not findings[-1].ok:
        return findings  # where things run and on which ports is not known
    try:
        options = choose(run.path, record.offset if record else 0, infra_only=_infra_only(record))
    except SetupError:
        return findings  # dapr.yaml: the check of the configuration has said it
    credentials = Credentials.load_or_create(run.path)
    own = own_pids(record) if record else {os.getpid()}
    findings.append(machine.ports_are_ours(planned_ports(options, credentials), own))
    findings.append(launcher(record, commands))
    if record is not None and runs:
        findings += [finding async for finding in Runtime(options, record, credentials, commands).checks(readings)]
    return findings


def launcher(record: Record | None, commands: Commands) -> Finding:
    """Whether what runs has a launcher that keeps it."""
    if record is not None and record.launcher_runs:
        return Finding("launcher", True, f"pid {record.launcher['pid']} keeps {len(record.processes)} processes")
    left = [entry.name for entry in record.processes if entry.runs] if record else []
    if left:
        return Finding("launcher", False, f"it is gone, but these run: {', '.join(left)}", commands.down)
    return Finding("launcher", True, f"nothing runs; start it: {commands.up}")


def line(finding: Finding, width: int, *, colour: bool) -> str:
    """`ok    memory  …` or `FAIL  memory  … → remedy`; green and red on a terminal."""
    mark = "ok  " if finding.ok else "FAIL"
    if colour:
        mark = f"\x1b[{32 if finding.ok else 31}m{mark}\x1b[0m"
    remedy = "" if finding.ok or not finding.remedy else f"  →  {finding.remedy}"
    return f"{mark}  {finding.check.ljust(width)}  {finding.found}{remedy}"


def _infra_only(record: Record | None) -> bool:
    return bool(record and record.launcher.get("infra_only"))
