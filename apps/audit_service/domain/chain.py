"""The chain of a tenant: each hash covers an entry's bytes and the hash before it.

leaf_i = SHA-256(0x00 ‖ bytes_i)          RFC 6962's leaf, so that chain and Merkle tree stand on the same digests
hash_i = SHA-256(hash_{i-1} ‖ leaf_i)     hash_{-1} is 32 zero bytes

The bytes of an entry past its retention can go while its leaf stays: chain and tree remain whole.
"""

from collections.abc import Iterable
from hashlib import sha256

GENESIS = bytes(32)


def leaf_of(entry: bytes) -> bytes:
    return sha256(b"\0" + entry).digest()


def link(previous: bytes, leaf: bytes) -> bytes:
    return sha256(previous + leaf).digest()


def chained(previous: bytes, entries: Iterable[bytes]) -> list[tuple[bytes, bytes]]:
    """(leaf, hash) of each entry appended after `previous`."""
    links = []
    for entry in entries:
        leaf = leaf_of(entry)
        previous = link(previous, leaf)
        links.append((leaf, previous))
    return links
