"""UUIDv7 (RFC 9562, section 5.7), which Python has only from 3.14 on."""

import os
import time
from uuid import UUID

NANOSECONDS = 1_000_000  # in a millisecond
PRECISION = 1 << 12  # steps the field after the milliseconds divides one into: 244 ns each


def uuid7() -> UUID:
    """A UUID that sorts by the time it was made; those of one process sort in order as long as its clock does.

    Method 3 of section 6.2: the bits after the millisecond are the rest of the time, not random.
    """
    milliseconds, rest = divmod(time.time_ns(), NANOSECONDS)
    fraction = rest * PRECISION // NANOSECONDS
    random = int.from_bytes(os.urandom(8)) & ((1 << 62) - 1)
    return UUID(int=milliseconds << 80 | 7 << 76 | fraction << 64 | 2 << 62 | random)
