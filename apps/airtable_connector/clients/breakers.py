"""A base that Airtable cannot serve is left alone, so that nobody waits for it in vain; other bases are not touched."""

from collections.abc import Iterator
from contextlib import contextmanager

from apps.airtable_connector.domain.errors import AirtableInvalidAnswer, AirtableUnavailable
from chassis import AppError, Breaker


class Attempt:
    """What became of one call: the `time` (s) it was sent with, 0 if it was not, and the status of its answer."""

    time: float = 0.0
    status: int = 0


class Breakers:
    """One circuit breaker for each base that fails; those of the others are not kept.

    It opens after five failures in a row: no connection, no answer in time, an answer that broke off, a 5xx. A call
    goes through four times a second then, and its outcome decides.
    """

    def __init__(self) -> None:
        self._of: dict[str | None, Breaker] = {}

    @contextmanager
    def around(self, base: str | None) -> Iterator[Attempt]:
        """One call, from before its turn is waited for. Raises AirtableUnavailable when the base is left alone."""
        breaker = self._of.setdefault(base, Breaker())
        if not breaker.allow():
            raise AirtableUnavailable(
                f"Airtable failed {breaker.failures} times in a row{f' for {base}' if base else ''} and is asked again "
                "in a moment: nothing was sent. Repeat the request.",
                headers={"retry-after": "1"},
            )
        attempt = Attempt()
        try:
            yield attempt
        except AirtableInvalidAnswer:
            breaker.succeeded()  # an answer it was
            raise
        except AppError:
            (breaker.failed if attempt.time >= breaker.FAIR else breaker.abandoned)()
            raise
        except BaseException:
            breaker.abandoned()
            raise
        else:
            (breaker.failed if attempt.status >= 500 else breaker.succeeded)()
        finally:
            if not breaker.failures:
                self._of.pop(base, None)
