"""The acts of the demo, in order. A capability adds its headline here, in at most 10 s."""

import subprocess
import sys
import time
from pathlib import Path

from demo import failure, headline, journey, trail
from demo.client import Address, Client
from demo.report import Report, Step, check

PROBLEM_WITHIN = 2.0  # s after the kill: the client knows what failed
RECOVERY_WITHIN = 3.0  # s after the kill: the platform has healed itself


def play(report: Report, run_dir: Path) -> None:
    address = Address.of(run_dir)
    with Client(address) as client:
        if address.sandbox_admin_url:
            with report.step("25 writers on one base: straight at Airtable, then through the platform") as step:
                headline.show(address, client, step)
        place = journey.find_place(client)
        _use(report, client, address, place)
        with report.step("change one byte of the audit trail in PostgreSQL") as step:
            trail.tamper(client, address, place, run_dir, step)
    with report.step("kill airtable-connector (SIGKILL)") as step:
        _survive(step, run_dir, address, place, "airtable-connector")
    with report.step("kill the sidecar of airtable-connector (SIGKILL)") as step:
        _survive(step, run_dir, address, place, "airtable-connector.sidecar")


def _use(report: Report, client: Client, address: Address, place: journey.Place) -> None:
    with report.step("list the bases") as step:
        journey.list_bases(client, step)
    with report.step("read a whole table, then with a formula filter") as step:
        journey.read_filtered(client, place, step)
    with report.step("upsert, update, delete") as step:
        journey.write(client, place, step)
    with report.step("the same through unmodified pyairtable") as step:
        journey.through_pyairtable(address, place, step)


def _survive(step: Step, run_dir: Path, address: Address, place: journey.Place, name: str) -> None:
    """Kill `name`; the client is told the truth in time, other routes answer, and it heals by itself."""
    with (
        failure.Watch(address, f"{place.records}?page_size=1") as hurt,
        failure.Watch(address, "/problems") as well,
    ):
        time.sleep(0.3)
        killed = failure.kill(run_dir, name)
        hurt.until_recovered(killed, within=10)
        time.sleep(0.2)
    first, back = hurt.first_problem(killed), hurt.recovery(killed)
    check(first, "the client saw a problem")
    assert first is not None
    problem = first.answer.body
    told = first.at - killed
    step.note(
        f"{told:.2f} s after the kill: {problem.get('status')} {problem.get('code')} (trace {first.answer.trace})"
    )
    check(told <= PROBLEM_WITHIN, f"told after {told:.2f} s, more than {PROBLEM_WITHIN} s")
    check(problem.get("service") == "airtable-connector", f"service is {problem.get('service')}")
    check(problem.get("fault") == "platform", f"fault is {problem.get('fault')}")

    same_second = [seen for seen in well.seen if abs(seen.at - first.at) <= 1]
    answered = sum(seen.answer.status == 200 for seen in same_second)
    step.note(f"in the same second /problems answered 200, {answered} of {len(same_second)} times")
    check(same_second and answered == len(same_second), "/problems answers all the while")

    why = _why(address)
    check("airtable-connector" in why, f"why names another culprit:\n{why}")
    step.lines.extend(f"| {line}" for line in why.splitlines())
    check(len(why.splitlines()) <= 25, f"why takes {len(why.splitlines())} lines")

    check(back, "the platform did not recover within 10 s")
    assert back is not None
    recovered = back.at - killed
    step.note(f"{recovered:.2f} s after the kill: the first success (trace {back.answer.trace})")
    check(recovered <= RECOVERY_WITHIN, f"recovered after {recovered:.2f} s, more than {RECOVERY_WITHIN} s")


def _why(address: Address) -> str:
    """What `pyat why last` prints."""
    command = [sys.executable, "-m", "cli", "why", "last"]
    environment = {"PLATFORM_URL": address.url, "PLATFORM_KEY": address.key, "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout  # noqa: S603
