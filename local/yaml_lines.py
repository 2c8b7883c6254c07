"""YAML with the line of every value, so that an error can point at it."""

from dataclasses import dataclass, field
from typing import Any

import yaml


@dataclass
class Located:
    """A plain YAML value, the line (from 1) of each of its parts, and the keys a mapping has twice."""

    value: Any
    lines: dict[tuple[str | int, ...], int] = field(default_factory=dict)
    doubled_keys: list[tuple[str, int]] = field(default_factory=list)

    def line(self, where: tuple[str | int, ...]) -> int:
        """The line of a part, or of the nearest thing around it: a missing key has no line of its own."""
        while where and where not in self.lines:
            where = where[:-1]
        return self.lines.get(where, 1)


def load(text: str) -> Located:
    """Parse one YAML document. Raises yaml.YAMLError."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    located = Located(yaml.safe_load(text))
    if node is not None:
        _walk(node, (), located)
    return located


def _walk(node: yaml.Node, where: tuple[str | int, ...], located: Located) -> None:
    located.lines.setdefault(where, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in seen:
                located.doubled_keys.append((key.value, line))
            seen.add(key.value)
            located.lines.setdefault((*where, key.value), line)
            _walk(value, (*where, key.value), located)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(value, (*where, index), located)
