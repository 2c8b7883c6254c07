"""Something that is done again and again beside a block."""

import contextlib
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def again_and_again(pause: float, act: Callable[[], None]) -> Iterator[None]:
    """Do it at once, then every `pause` seconds until the block ends; what was begun is ended first."""
    act()
    ended = threading.Event()

    def repeat() -> None:
        while not ended.wait(pause):
            act()

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
