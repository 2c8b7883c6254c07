"""Whose turn it is: urgent before bulk, tenants in turn, and nobody waits for ever."""

from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import Generic, TypeVar

from contracts.rate_limiter_service import PRIORITIES, Priority

T = TypeVar("T")

# Strictly by priority, a steady stream of urgent calls would stop every sync for ever.
FOR_THE_LAST = 10  # each tenth turn goes to the least urgent who waits


class FairQueue(Generic[T]):
    """Those who wait for one base. Within a priority tenants take turns, within a tenant first come, first served."""

    def __init__(self) -> None:
        self._waiting: dict[Priority, OrderedDict[str, deque[T]]] = {name: OrderedDict() for name in PRIORITIES}
        self._turns = 0
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[tuple[Priority, str, T]]:
        for priority, tenants in self._waiting.items():
            for tenant, waiting in tenants.items():
                for each in waiting:
                    yield priority, tenant, each

    def add(self, priority: Priority, tenant: str, item: T) -> None:
        self._waiting[priority].setdefault(tenant, deque()).append(item)
        self._size += 1

    def remove(self, priority: Priority, tenant: str, item: T) -> None:
        """Take back who no longer wants to wait; nothing happens when their turn has come already."""
        waiting = self._waiting[priority].get(tenant)
        if waiting is None or item not in waiting:
            return
        waiting.remove(item)
        self._size -= 1
        if not waiting:
            del self._waiting[priority][tenant]

    def next(self) -> T:
        """Who goes now; they are in the queue no more. Raises IndexError when nobody waits."""
        self._turns += 1
        order = reversed(PRIORITIES) if self._turns % FOR_THE_LAST == 0 else PRIORITIES
        for priority in order:
            tenants = self._waiting[priority]
            if tenants:
                tenant, waiting = next(iter(tenants.items()))
                item = waiting.popleft()
                self._size -= 1
                if waiting:
                    tenants.move_to_end(tenant)
                else:
                    del tenants[tenant]
                return item
        raise IndexError("nobody waits")

    def put_back(self, priority: Priority, tenant: str, item: T) -> None:
        """Undo `next`: it was not their turn yet after all."""
        self._turns -= 1
        tenants = self._waiting[priority]
        tenants.setdefault(tenant, deque()).appendleft(item)
        tenants.move_to_end(tenant, last=False)
        self._size += 1

    def ahead(self, priority: Priority, tenant: str) -> int:
        """How many go before one who would come now: all more urgent, and of the same priority as many of each
        other tenant as this tenant has waiting."""
        urgent = PRIORITIES[: PRIORITIES.index(priority)]
        before = sum(len(waiting) for name in urgent for waiting in self._waiting[name].values())
        same = self._waiting[priority]
        own = len(same.get(tenant, ()))
        return before + own + sum(min(len(waiting), own + 1) for name, waiting in same.items() if name != tenant)
