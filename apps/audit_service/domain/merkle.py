"""The Merkle tree over a tenant's entries, as in RFC 6962 §2.1: roots, and which subtrees a proof consists of.

A range (start, end) stands for the subtree over the leaves start … end-1. A proof is a list of ranges; whoever has the
leaves, or the nodes kept of complete subtrees, turns each into one hash.
"""

from collections.abc import Iterable
from hashlib import sha256

Range = tuple[int, int]
EMPTY = sha256(b"").digest()  # root of a tree without leaves


def parent(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


class Peaks:
    """The roots of the complete subtrees that a growing tree consists of, largest first: at most one a power of two."""

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size = size
        self.peaks = list(peaks)

    def add(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Append a leaf; the complete subtrees that it finished, as (level ≥ 1, position, hash)."""
        finished = []
        self.peaks.append(leaf)
        self.size += 1
        level, rest = 0, self.size
        while rest & 1 == 0:
            right = self.peaks.pop()
            self.peaks[-1] = parent(self.peaks[-1], right)
            level, rest = level + 1, rest >> 1
            finished.append((level, rest - 1, self.peaks[-1]))
        return finished

    def root(self) -> bytes:
        return fold(self.peaks)


def fold(peaks: list[bytes]) -> bytes:
    """The root over neighbouring complete subtrees, given from the largest to the smallest."""
    if not peaks:
        return EMPTY
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = parent(peak, root)
    return root


def complete(part: Range) -> list[tuple[int, int]]:
    """The complete subtrees of a range of a tree, largest first, as (level, position)."""
    start, end = part
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append((level, start >> level))
        start += 1 << level
    return found


def inclusion(index: int, size: int) -> list[Range]:
    """The proof that leaf `index` is in the tree of `size` leaves, from the leaf upwards (RFC 6962 §2.1.1)."""
    start, end = 0, size
    path: list[Range] = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    return path[::-1]


def consistency(first: int, second: int) -> list[Range]:
    """The proof that the tree of `first` leaves is the beginning of that of `second` (RFC 6962 §2.1.2)."""
    if first in (0, second):
        return []
    start, end, known = 0, second, True
    path: list[Range] = []
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start, known = middle, False
    return ([] if known else [(start, end)]) + path[::-1]


def _split(count: int) -> int:
    """The largest power of two smaller than `count`."""
    return 1 << (count - 1).bit_length() - 1
