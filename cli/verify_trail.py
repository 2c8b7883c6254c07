"""Verifies an exported audit trail without any server: one file, nothing but Python's standard library.

A bundle is what `pyat audit export --format bundle` writes: a line with tenant and key, a line an entry (the chain's
hash, and the entry's exact bytes or, where those were erased, `-` and their digest), a line a signed note. Checked are
  - the chain      hash[i] = SHA-256(hash[i-1] ‖ leaf[i]), leaf[i] = SHA-256(0x00 ‖ bytes[i]), hash[-1] = 32 zero bytes
  - checkpoints    signed Ed25519 notes of size, Merkle root (RFC 6962), last hash: in the bundle and in --checkpoints
  - tombstones     signed notes of what was erased
  - the keys       each handed over to the next by a note that both signed: from any one you trust, all are known
Exit code: 0 all is as it was written, 1 it is not (the first broken index is named), 2 it cannot be read.
"""

import argparse
import base64
import json
import sys
from binascii import hexlify
from collections.abc import Iterable
from functools import reduce
from hashlib import sha256, sha512
from itertools import islice
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

# Ed25519 (RFC 8032 §5.1), verification only, in extended coordinates.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
Point = tuple[int, int, int, int]

HANDOVER = "audit-service/key\n"  # how a note begins by which one key hands over to the next
BLOCK = 10_000  # entries in memory at once


class Broken(Exception):
    """The trail is not as it was written, from `index` on."""

    def __init__(self, index: int, what: str) -> None:
        super().__init__(what)
        self.index = index


def _add(a: Point, b: Point) -> Point:
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    w, x, y, z = f - e, h - g, h + g, f + e
    return w * x % P, y * z % P, x * y % P, w * z % P


def _times(factor: int, point: Point) -> Point:
    total: Point = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            total = _add(total, point)
        point = _add(point, point)
        factor >>= 1
    return total


def _point(encoded: bytes) -> Point | None:
    """A decoded point; None for what is no point."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = _point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature (64 bytes) of the message is the key's (32 bytes)."""
    a, r = _point(key), _point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if len(key) != 32 or len(signature) != 64 or a is None or r is None or BASE is None or s >= L:
        return False
    h = int.from_bytes(sha512(signature[:32] + key + message).digest(), "little") % L
    left, right = _times(s, BASE), _add(r, _times(h, a))
    return not ((left[0] * right[2] - right[0] * left[2]) % P or (left[1] * right[2] - right[1] * left[2]) % P)


class Key:
    """A public key in C2SP's form: name+id+base64."""

    def __init__(self, line: str) -> None:
        self.name, self.id, encoded = line.strip().split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
        if raw[:1] != b"\x01" or sha256(f"{self.name}\n".encode() + raw).digest()[:4].hex() != self.id:
            raise ValueError("not an Ed25519 key line")
        self.raw = raw[1:]
        self.until = ""  # when it was retired; no note of a later time is its

    def opened(self, note: str) -> list[str] | None:
        """The lines of a note; None when this key has not signed it. Raises ValueError when it signed another text."""
        text, _, signatures = note.partition("\n\n")
        for line in signatures.splitlines():
            name, _, encoded = line.removeprefix("\u2014 ").partition(" ")
            raw = base64.b64decode(encoded, validate=True)
            if name == self.name and raw[:4].hex() == self.id:
                if not signed(self.raw, f"{text}\n".encode(), raw[4:]):
                    raise ValueError("its signature is wrong")
                return text.split("\n")
        return None


class Keys:
    """The key that is trusted, and those which handed over to it or to which it did, one after the other."""

    def __init__(self, trusted: Key, handovers: Iterable[str]) -> None:
        """Raises Broken when a handover is not signed by both of its keys, is another one, or leads nowhere."""
        heirs: dict[bytes, tuple[Key, str]] = {}
        former: dict[bytes, tuple[Key, str]] = {}
        for note in dict.fromkeys(handovers):
            try:
                lines = note.split("\n")
                old, new, until = Key(lines[1][7:]), Key(lines[2][5:]), lines[3].removeprefix("until ")
                if not (old.opened(note) and new.opened(note)) or old.raw in heirs or new.raw in former:
                    raise ValueError("not both have signed it, or there is another one")
            except (ValueError, IndexError) as error:
                raise Broken(0, f"a handover from key to key cannot be believed: {error}") from None
            heirs[old.raw], former[new.raw] = (new, until), (old, until)
        self.all, expected = [trusted], len(heirs) + 1
        while step := heirs.pop(self.all[-1].raw, None):
            self.all[-1].until = step[1]
            self.all.append(step[0])
        while step := former.pop(self.all[0].raw, None):
            step[0].until = step[1]
            self.all.insert(0, step[0])
        if len(self.all) != expected:
            raise Broken(0, "a handover from key to key does not belong to the trusted one")

    def opened(self, note: str) -> list[str]:
        """The lines of a note that one of them signed in its time. Raises ValueError."""
        for key in self.all:
            if lines := key.opened(note):
                if key.until and lines[-1].removeprefix("time ") > key.until:
                    raise ValueError(f"its key was retired at {key.until}")
                return lines
        raise ValueError("its signature is not the key's")


class Tree:
    """The Merkle tree of RFC 6962, as the roots of its complete subtrees."""

    def __init__(self) -> None:
        self.size = 0
        self.peaks: dict[int, bytes] = {}  # by the height of the subtree

    def add(self, leaves: Iterable[bytes]) -> None:
        """Row by row, each at once: what has no partner yet waits as the peak of its height."""
        sha = sha256
        row, height = list(leaves), 0
        self.size += len(row)
        while row:
            if height in self.peaks:
                row.insert(0, self.peaks.pop(height))
            if len(row) & 1:
                self.peaks[height] = row.pop()
            each = iter(row)
            row = [sha(b"\1" + left + right).digest() for left, right in zip(each, each, strict=True)]
            height += 1

    def root(self) -> bytes:
        peaks = [self.peaks[height] for height in sorted(self.peaks)]
        return reduce(lambda root, peak: sha256(b"\1" + peak + root).digest(), peaks) if peaks else sha256().digest()


def chain(lines: Iterable[bytes], previous: bytes, index: int, erased: list[int]) -> tuple[list[bytes], bytes]:
    """The leaves of entries' lines, and the last hash. Raises Broken at the first whose hash does not follow."""
    sha = sha256
    leaves: list[bytes] = []
    for line in lines:
        leaf = sha(b"\0" + line[65:-1]).digest()
        if line[65:66] == b"-":
            leaf = bytes.fromhex(line[66:130].decode())
            erased.append(index + len(leaves))
        previous = sha(previous + leaf).digest()
        if not line.startswith(hexlify(previous) + b" "):
            raise Broken(index + len(leaves), "the hash does not follow from the entry and the hash before")
        leaves.append(leaf)
    return leaves, previous


def verify(bundle: BinaryIO, key_line: str | None = None, places: Iterable[str] = ()) -> dict[str, int | str]:
    """What was checked. `key_line`: the key to trust instead of the bundle's; `places`: notes from elsewhere.

    Raises Broken, and ValueError for what is no bundle.
    """
    head = json.loads(bundle.readline())
    if not isinstance(head, dict) or head.get("bundle") != 1:
        raise ValueError("this is no bundle of an audit trail")
    tenant, size = str(head["tenant"]), int(head["size"])
    body = bundle.tell()
    notes = [*_notes(bundle, size), *places]
    handovers = [note for note in notes if note.startswith(HANDOVER)]
    key = Key(key_line or head["key"])
    keys = Keys(key, handovers)
    notes = [note for note in notes if note not in handovers]
    checkpoints, tombstones = _sorted_notes(notes, keys, tenant)
    bundle.seek(body)
    erased: list[int] = []
    tree, previous = Tree(), bytes(32)
    for end in [*sorted(each for each in checkpoints if each <= size), size]:
        while wanted := min(end - tree.size, BLOCK):
            leaves, previous = chain(islice(bundle, wanted), previous, tree.size, erased)
            if not leaves:
                break
            tree.add(leaves)
        if tree.size < end:
            raise Broken(tree.size, f"the bundle ends here; it should have {size} entries")
        for root, last in checkpoints.get(end, ()):
            if (root, last) != (tree.root(), previous):
                raise Broken(end - 1, f"the first {end} entries are not those that were signed")
    for index in erased:
        if not any(first <= index <= last for first, last in tombstones):
            raise Broken(index, "the bytes are gone, and no signed tombstone tells of it")
    if later := [each for each in checkpoints if each > size]:
        raise Broken(size, f"{max(later)} entries were signed, the bundle has {size}")
    covered = max((each for each in checkpoints), default=0)
    return {"tenant": tenant, "entries": size, "erased": len(erased), "checkpoints": len(notes) - len(tombstones),
            "signed": covered, "key": f"{key.name}+{key.id}", "keys": len(keys.all)}  # fmt: skip


def _notes(bundle: BinaryIO, size: int) -> list[str]:
    for _ in islice(bundle, size):
        pass
    rest = list(bundle)
    if not all(line.startswith(b"note ") for line in rest):
        raise Broken(size, "after the entries stands something that is no signed note")
    return [json.loads(line[5:]) for line in rest]


def _sorted_notes(
    notes: Iterable[str], keys: Keys, tenant: str
) -> tuple[dict[int, list[tuple[bytes, bytes]]], list[tuple[int, int]]]:
    """Checkpoints as size → [(root, last hash)], and tombstones as (first, last)."""
    checkpoints: dict[int, list[tuple[bytes, bytes]]] = {}
    tombstones = []
    name = quote(tenant, safe="")
    for note in notes:
        try:
            lines = keys.opened(note)
            if lines[0] == f"audit-service/tombstone/{name}":
                first, last = lines[1].split()
                tombstones.append((int(first), int(last)))
            elif lines[0] == f"audit-service/{name}":
                root, last_hash = base64.b64decode(lines[2]), base64.b64decode(lines[3].removeprefix("chain "))
                checkpoints.setdefault(int(lines[1]), []).append((root, last_hash))
            else:
                raise ValueError(f"it is of another trail, {lines[0]}")
        except (ValueError, IndexError) as error:
            said = note.split("\n")[1:2]
            index = int(said[0]) - 1 if said and said[0].isdigit() else 0
            raise Broken(max(index, 0), f"a signed note cannot be believed: {error}") from None
    return checkpoints, tombstones


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path, help="the exported file")
    parser.add_argument("--key", help="the public key you trust, as GET /api/v1/audit/key gave it: a line, or a file")
    parser.add_argument("--checkpoints", type=Path, help="the tenant's folder in the second place of checkpoints")
    asked = parser.parse_args(arguments)
    try:
        key = Path(asked.key).read_text("utf-8") if asked.key and "+" not in asked.key else asked.key
        places = (
            [path.read_text("utf-8") for path in sorted(asked.checkpoints.glob("*.txt"))] if asked.checkpoints else []
        )
        with asked.bundle.open("rb") as file:
            found = verify(file, key, places)
    except Broken as broken:
        print(f"BROKEN at index {broken.index}: {broken}")
        return 1
    except (OSError, ValueError, KeyError) as error:
        print(f"cannot be read: {error}", file=sys.stderr)
        return 2
    print(f"OK: {found['entries']} entries of {found['tenant']} ({found['erased']} erased), {found['signed']} of them "
          f"under {found['checkpoints']} checkpoints of {found['key']}"
          + f" and {int(found['keys']) - 1} keys before or after it" * (int(found["keys"]) > 1))  # fmt: skip
    if not asked.key:
        print("The key is the bundle's own: give --key, kept from before, to know who signed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
