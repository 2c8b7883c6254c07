"""`python -m demo.another_language`: run examples/node-subscriber beside the mesh, and change a record it hears of."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo.client import Address, Client
from demo.journey import find_place
from demo.mesh import NotStarted, started
from demo.report import Report, Step, check

RUN_DIR = Path(".run")  # the run file names it
FOLDER = Path("examples") / "node-subscriber"
START, ARRIVAL = 30.0, 10.0  # seconds


class Subscriber:
    """The program and its sidecar under the official CLI, and what they print."""

    def __init__(self) -> None:
        self._lines: queue.Queue[str] = queue.Queue()
        command = f". {RUN_DIR}/env && exec dapr run -f {FOLDER}/dapr.yaml"
        self._process = subprocess.Popen(  # noqa: S603
            ["/bin/sh", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ
        )
        threading.Thread(target=self._read, daemon=True).start()

    def says(self, *words: str, within: float) -> str:
        """The first line from now on with all these words. Raises CheckFailed with what was said instead."""
        deadline, said = time.monotonic() + within, [""]
        while (left := deadline - time.monotonic()) > 0 and self._process.poll() is None:
            try:
                said.append(self._lines.get(timeout=left))
            except queue.Empty:
                break
            if all(word in said[-1] for word in words):
                return said[-1]
        check(False, f"no line with {', '.join(words)} within {within:.0f} s:" + "\n      ".join(said[-12:]))
        return ""

    def stop(self) -> None:
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._lines.put(line.strip())


@contextmanager
def subscriber() -> Iterator[Subscriber]:
    running = Subscriber()
    try:
        yield running
    finally:
        running.stop()


def build(step: Step) -> None:
    for command in (["npm", "ci", "--no-audit", "--no-fund"], ["npm", "run", "build"]):
        done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)  # noqa: S603
        check(not done.returncode, f"{' '.join(command)}:\n{done.stdout}{done.stderr}")
    step.note("types for every event, generated from contracts/schemas/asyncapi.json, checked by tsc")


def hear(step: Step) -> None:
    with Client(Address.of(RUN_DIR)) as client, subscriber() as program:
        program.says('"listening"', within=START)
        place = find_place(client)
        body = {"records": [{"fields": {place.name_field: f"Heard {uuid.uuid4().hex[:8]}"}}]}
        began = time.monotonic()
        created = client.ask("POST", place.records, json=body)
        check(created.status == 201, f"the record was created: {created}")
        line = program.says("record-created", created.trace, within=ARRIVAL)
        step.note(f"POST {place.records}  trace {created.trace}")
        step.note(f"heard {1000 * (time.monotonic() - began):.0f} ms after the request began:")
        step.note(line)
        record = created.body["records"][0]["id"]
        deleted = client.ask("DELETE", f"{place.records}/{record}")
        step.note(program.says("record-deleted", deleted.trace, within=ARRIVAL))


def main() -> int:
    report = Report()
    try:
        with started(RUN_DIR):
            with report.step("build examples/node-subscriber") as step:
                build(step)
            with report.step("create and delete a record; the subscriber in TypeScript hears of it") as step:
                hear(step)
    except NotStarted:
        return 1
    print(f"\n{report.verdict()}")
    return 0 if report.held else 1


if __name__ == "__main__":
    sys.exit(main())
