"""What was checked, how long it took, and the verdict."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


class CheckFailed(AssertionError):
    """A result was not what a client was promised."""


def check(holds: object, what: str) -> None:
    """Stop the demo's step with `what` unless `holds`."""
    if not holds:
        raise CheckFailed(what)


@dataclass
class Step:
    title: str
    seconds: float = 0.0
    lines: list[str] = field(default_factory=list)
    failure: str | None = None

    def note(self, line: str) -> None:
        """Add one line of evidence, printed below the step."""
        self.lines.append(line)


class Report:
    """Prints each step as it ends; remembers whether all held."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Time a step; an exception in it is recorded as its failure and does not stop the demo."""
        step = Step(title)
        self.steps.append(step)
        started = time.monotonic()
        try:
            yield step
        except Exception as failure:  # every failure of a step is the report's content
            step.failure = f"{type(failure).__name__}: {failure}"
        step.seconds = time.monotonic() - started
        self._print(step)

    @property
    def held(self) -> bool:
        return bool(self.steps) and all(step.failure is None for step in self.steps)

    def _print(self, step: Step) -> None:
        print(f"{'✓' if step.failure is None else '✗'} {step.title}  ({step.seconds:.2f} s)")
        for line in step.lines:
            print(f"    {line}")
        if step.failure:
            print(f"    FAILED: {step.failure}")
        sys.stdout.flush()

    def verdict(self) -> str:
        failed = sum(step.failure is not None for step in self.steps)
        total = sum(step.seconds for step in self.steps)
        return f"{len(self.steps) - failed} of {len(self.steps)} steps held, {total:.1f} s"
