"""The offline verifier grows its tree a row at a time; it is the same tree."""

from hashlib import sha256

import pytest

from apps.audit_service.domain import merkle
from cli import verify_trail

LEAVES = [sha256(bytes([number])).digest() for number in range(100)]


@pytest.mark.parametrize("cuts", [(1,) * 100, (100,), (7, 1, 0, 56, 3, 33), (64, 36)])
def test_the_root_is_the_services_own_however_the_leaves_come_in_blocks(cuts: tuple[int, ...]) -> None:
    there, here = merkle.Peaks(), verify_trail.Tree()
    assert here.root() == there.root()
    for count in cuts:
        block = LEAVES[here.size : here.size + count]
        here.add(block)
        for leaf in block:
            there.add(leaf)
        assert (here.size, here.root()) == (there.size, there.root())
