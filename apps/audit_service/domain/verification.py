"""Going along a trail and finding what is not as it was written."""

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import ValidationError

from apps.audit_service.domain import chain, merkle, notes
from apps.audit_service.domain.entries import searched
from contracts.audit_service import Break, Entry

MOST = 20  # breaks told


class Walk:
    """Takes the rows of chain and entries in their order, from a signed checkpoint (or the beginning) on.

    A row has `at`, `id`, `leaf`, `hash`, `entry` (None: erased) and the columns that entries are searched by.
    """

    def __init__(self, tenant: str, keys: notes.Keys, tree: merkle.Peaks, previous: bytes) -> None:
        self.tenant = tenant
        self.tree = tree
        self.breaks: list[Break] = []
        self.erased = self.checkpoints = self.exported = 0
        self._keys = keys
        self._previous = previous
        self._whole = True  # no entry is missing, so that the tree still tells something
        self._notes: dict[int, list[tuple[str, str]]] = {}
        self._tombstones: list[notes.Tombstone] = []

    @property
    def full(self) -> bool:
        return len(self.breaks) >= MOST

    def broken(self, index: int, kind: str, detail: str) -> None:
        if not self.full:
            self.breaks.append(Break(index=index, kind=kind, detail=detail))

    def expect(self, kept: Iterable[tuple[int, str]], exported: Iterable[str]) -> None:
        """Checkpoints to compare with when the walk gets there: of the database (size, note), of the second place."""
        sizes = set()
        for size, note in kept:
            self._notes.setdefault(size, []).append(("checkpoint", note))
            sizes.add(size)
        for note in exported:
            said = self._opened(note, 0, "exported")
            if isinstance(said, notes.Checkpoint):
                self._notes.setdefault(said.size, []).append(("exported", note))
                if said.size not in sizes:
                    self.broken(said.size - 1, "checkpoint", f"The checkpoint of {said.size} entries is missing.")

    def allow(self, tombstones: Iterable[str]) -> None:
        """What may be erased, as signed notes."""
        for note in tombstones:
            said = self._opened(note, 0, "tombstone")
            if isinstance(said, notes.Tombstone) and said.tenant == self.tenant:
                self._tombstones.append(said)

    def step(self, rows: Sequence[Any]) -> list[tuple[int, int, bytes]]:
        """Check the next rows; the complete subtrees that they finished, as (level, position, hash)."""
        finished: list[tuple[int, int, bytes]] = []
        for row in rows:
            expected = self.tree.size
            leaf, digest = bytes(row.leaf), bytes(row.hash)
            if row.at != expected:
                self.broken(expected, "missing", f"Entry {expected} is missing; the next is {row.at}.")
                self._whole = False
                self.tree.size = row.at
            elif chain.link(self._previous, leaf) != digest:
                self.broken(row.at, "chain", f"Entry {row.at}: its hash does not follow from the one before.")
            self._check_entry(row, leaf)
            self._previous = digest
            if self._whole:
                finished += self.tree.add(leaf)
                self._check_notes()
            else:
                self.tree.size += 1
            if self.full:
                break
        return finished

    def _check_entry(self, row: Any, leaf: bytes) -> None:
        if row.entry is None:
            if any(each.first <= row.at <= each.last for each in self._tombstones):
                self.erased += 1
            else:
                self.broken(row.at, "missing", f"Entry {row.at}: its bytes are gone, and no tombstone tells of it.")
            return
        raw = bytes(row.entry)
        if chain.leaf_of(raw) != leaf:
            self.broken(row.at, "entry", f"Entry {row.at}: its bytes are not those that were chained.")
            return
        try:
            entry = Entry.model_validate_json(raw)
        except ValidationError:
            self.broken(row.at, "entry", f"Entry {row.at}: its bytes are no entry.")
            return
        columns = searched(entry)
        if row.address is None:  # also of an entry from before there was the column
            del columns["address"]
        wrong = [name for name in columns if name != "words" and getattr(row, name) != columns[name]]
        if entry.tenant != self.tenant:
            wrong.append("tenant")
        if wrong:
            self.broken(row.at, "columns", f"Entry {row.at}: {', '.join(wrong)} differ from what its bytes say.")

    def _check_notes(self) -> None:
        size = self.tree.size
        for kind, note in self._notes.get(size, ()):
            said = self._opened(note, size - 1, kind)
            if not isinstance(said, notes.Checkpoint):
                continue
            if (said.tenant, said.size, said.root, said.head) != (self.tenant, size, self.tree.root(), self._previous):
                place = "that was exported" if kind == "exported" else "in the database"
                self.broken(size - 1, kind, f"The first {size} entries are not those of the checkpoint {place}.")
            if kind == "exported":
                self.exported += 1
            else:
                self.checkpoints += 1

    def _opened(self, note: str, index: int, kind: str) -> notes.Checkpoint | notes.Tombstone | None:
        try:
            return notes.opened(note, self._keys)
        except (ValueError, IndexError) as error:
            self.broken(max(index, 0), kind, f"A signed note cannot be believed: {error}.")
            return None
