"""All journeys at once, each walked again and again by one user who does not retry, until the load ends."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx

from .ground import Ground
from .journeys import Journey, WrongAnswer

_PAUSE = 0.25  # s between two walks


@dataclass(frozen=True)
class Walk:
    """One try of a journey; moments in monotonic seconds. `wrong` is None when it went well."""

    journey: str
    began: float
    ended: float
    wrong: str | None


class Load:
    """Walks until the block ends. `walks` grows; read it at any time. Another `ground` holds from the next walk on."""

    def __init__(self, journeys: Sequence[Journey], connect: Callable[[], httpx.Client], ground: Ground) -> None:
        self._stop = threading.Event()
        self._connect, self.ground = connect, ground
        self._threads = [threading.Thread(target=self._walk, args=(one,), daemon=True) for one in journeys]
        self.walks: list[Walk] = []

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _walk(self, journey: Journey) -> None:
        with self._connect() as client:
            while not self._stop.is_set():
                began, wrong = time.monotonic(), None
                try:
                    journey.act(client, self.ground)
                except httpx.HTTPError as failure:
                    wrong = f"no answer: {type(failure).__name__}"
                except (WrongAnswer, KeyError, ValueError) as failure:
                    wrong = str(failure)
                self.walks.append(Walk(journey.name, began, time.monotonic(), wrong))
                self._stop.wait(_PAUSE)
