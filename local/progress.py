"""Long steps at the terminal: what is being done, for how long, and what to do when it fails."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from .errors import SetupError
from .repeating import again_and_again

_BETWEEN_LINES = 5.0


class Progress:
    """Lines such as `[  42 s] building daprd (4 minutes on two cores) …`, counted from the first step."""

    def __init__(self, say: Callable[[str], None], *, between_lines: float = _BETWEEN_LINES) -> None:
        self._say = say
        self._between_lines = between_lines
        self._started = time.monotonic()

    def note(self, text: str) -> None:
        self._say(f"[{time.monotonic() - self._started:4.0f} s] {text}")

    @contextlib.contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Say what is being done at once and every few seconds while it lasts."""
        with again_and_again(self._between_lines, lambda: self.note(f"{text} …")):
            yield

    def run(self, text: str, command: list[str], *, cwd: Path, environment: Mapping[str, str], remedy: str) -> str:
        """Run a program as one step and return its output.

        Raises SetupError with the last lines of its messages and `remedy` if it is missing or fails. An
        interrupted step leaves none of the program's processes behind.
        """
        with self.step(text):
            try:
                process = subprocess.Popen(
                    command,
                    cwd=cwd,
                    env=dict(environment),
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                    start_new_session=True,
                )
            except OSError as error:
                raise SetupError(f"{text}: {error.strerror}: {command[0]}\n{remedy}") from None
            with process:
                try:
                    output, messages = process.communicate()
                except BaseException:
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)
                    raise
        if process.returncode != 0:
            last = "\n".join(f"  {line}" for line in (messages or output).strip().splitlines()[-6:])
            raise SetupError(f"{text}: failed\n{last}\n{remedy}")
        return output
