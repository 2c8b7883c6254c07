"""What led to what: events put below the request or the event that caused them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.event_processor.domain.catalogue import FAILED
from contracts.event_processor import StoredEvent, Tree, TreeNode

MOST = 1_000  # events of one tree


@dataclass(slots=True)
class _Node:
    id: str
    parent: str | None
    node: TreeNode


def grow(asked: str, events: Sequence[StoredEvent], *, truncated: bool) -> Tree:
    """The tree of these events, in any order; an event whose cause is not among them hangs below its request."""
    nodes = _nodes(events)
    children: dict[str | None, list[_Node]] = defaultdict(list)
    for each in nodes.values():
        children[each.parent].append(each)
    for siblings in children.values():
        siblings.sort(key=lambda each: (each.node.at, each.id))
    ordered = list(_in_order(children))
    ends: dict[str, datetime] = {}
    for each in reversed(ordered):  # children before their parents
        ends[each.id] = max([each.node.at, *(ends[child.id] for child in children[each.id])])
        each.node.lasts_ms = _ms(each.node.at, ends[each.id])
        if each.parent is not None:
            each.node.after_ms = _ms(nodes[each.parent].node.at, each.node.at)
    failures = sorted((each for each in ordered if each.node.kind == "failure"), key=lambda each: each.node.at)
    path: list[str] = []
    step = failures[0] if failures else None
    while step is not None:
        path.insert(0, step.id)
        step = nodes.get(step.parent) if step.parent is not None else None
    tree = Tree(
        asked=asked,
        trace_ids=sorted({event.trace_id for event in events if event.trace_id}),
        services=sorted({each.node.service for each in ordered}),
        events=sum(each.node.kind == "event" for each in ordered),
        failures=len(failures),
        lasts_ms=_ms(min(each.node.at for each in ordered), max(ends.values())),
        truncated=truncated,
        nodes=[each.node for each in ordered],
        first_failure=failures[0].id if failures else None,
        path=path,
        text="",
    )
    tree.text = "\n".join(_lines(tree)) + "\n"
    return tree


def _nodes(events: Sequence[StoredEvent]) -> dict[str, _Node]:
    known = {event.id for event in events}
    nodes: dict[str, _Node] = {}
    for event in sorted(events, key=lambda event: event.time):
        failed = event.type.endswith(FAILED)
        told = event.data if failed and isinstance(event.data, dict) else {}
        parent: str | None = str(told.get("event")) if told.get("event") in known else event.causation_id
        if parent not in known or _leads_back(event.id, parent, nodes):
            parent = event.correlation_id or None
            if parent is not None and parent not in nodes:
                nodes[parent] = _of(event, parent, None, "command", "request", "")
        subject = event.stream.partition("/")[2]
        name = str(told.get("handler", event.type)) if failed else event.type
        problem = f"gave up at try {told.get('attempt')}: {told.get('problem')}" if failed else None
        nodes[event.id] = _of(event, event.id, parent, "failure" if failed else "event", name, subject, problem)
    return nodes


def _of(
    event: StoredEvent, id: str, parent: str | None, kind: str, name: str, subject: str, problem: str | None = None
) -> _Node:
    return _Node(
        id,
        parent,
        TreeNode.model_validate({
            "id": id, "parent": parent, "depth": 0, "kind": kind, "service": event.stream.partition("/")[0],
            "name": name, "subject": subject, "actor": event.actor, "at": event.time, "after_ms": 0, "lasts_ms": 0,
            "problem": problem,
        }),
    )  # fmt: skip


def _leads_back(id: str, parent: str | None, nodes: dict[str, _Node]) -> bool:
    """Whether `id` would become its own cause: clocks and senders may say so, a tree cannot."""
    while parent is not None:
        if parent == id:
            return True
        parent = nodes[parent].parent if parent in nodes else None
    return False


def _in_order(children: dict[str | None, list[_Node]]) -> Iterator[_Node]:
    waiting = [(0, root) for root in reversed(children[None])]
    while waiting:
        depth, each = waiting.pop()
        each.node.depth = depth
        yield each
        waiting += [(depth + 1, child) for child in reversed(children[each.id])]


def _lines(tree: Tree) -> Iterator[str]:
    services = f"{len(tree.services)} service{'s' if len(tree.services) > 1 else ''}"
    yield f"{tree.events} events in {services}, {tree.failures} failed, over {tree.lasts_ms:g} ms"
    if tree.trace_ids:
        yield f"trace {' '.join(tree.trace_ids[:3])}"
    last_of = {node.parent: node.id for node in tree.nodes}
    open_at: list[bool] = []  # for each level: whether more siblings follow
    for node in tree.nodes:
        del open_at[node.depth :]
        more = last_of[node.parent] != node.id
        lead = "".join("│  " if more_above else "   " for more_above in open_at[1:])
        branch = ("├─ " if more else "└─ ") if node.depth else ""
        open_at.append(more)
        yield f"{lead}{branch}{_line(node)}"
    if tree.truncated:
        yield f"… there is more: only the first {MOST} events are told"
    if tree.first_failure:
        failure = next(node for node in tree.nodes if node.id == tree.first_failure)
        yield f"first failure: {failure.service}, {failure.name} {failure.problem}"


def _line(node: TreeNode) -> str:
    if node.kind == "command":
        return f"request {node.id} by {node.actor}, {node.lasts_ms:g} ms"
    if node.kind == "failure":
        return f"✗ {node.service}: {node.name} {node.problem}  +{node.after_ms:g} ms"
    return f"{node.name} {node.subject}  +{node.after_ms:g} ms"


def _ms(first: datetime, last: datetime) -> float:
    return round((last - first).total_seconds() * 1000, 1)
