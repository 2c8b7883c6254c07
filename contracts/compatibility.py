"""Whether events may be published as they are now: who subscribed to the released ones must notice nothing."""

from collections.abc import Iterator
from typing import Any

SAME = ("type", "format", "enum", "const", "pattern")  # keywords of JSON Schema that a reader relies on


def breaks(released: dict[str, Any], current: dict[str, Any]) -> list[str]:
    """One line for each change from `released` to `current`, both AsyncAPI documents, that a subscriber would notice.

    New topics, new versions of an event and new fields that may be absent are welcome.
    """
    found = [f"{topic}: the topic is gone" for topic in released["channels"] if topic not in current["channels"]]
    for kind, message in released["components"]["messages"].items():
        now = current["components"]["messages"].get(kind)
        if now is None:
            found.append(f"{kind}: this version of the event is gone")
            continue
        found += _Comparison(released, current).differences(message["payload"], now["payload"], kind, 0)
    return found


class _Comparison:
    def __init__(self, released: dict[str, Any], current: dict[str, Any]) -> None:
        self._released = released
        self._current = current

    def differences(self, old: Any, new: Any, where: str, depth: int) -> Iterator[str]:
        old, new = _resolved(old, self._released), _resolved(new, self._current)
        if depth > 16:
            return  # a model that holds itself, and was the same so far
        for keyword in SAME:
            if old.get(keyword) != new.get(keyword):
                yield f"{where}: {keyword} was {old.get(keyword)!r} and is {new.get(keyword)!r}"
        before, now = old.get("properties", {}), new.get("properties", {})
        for name in before:
            if name not in now:
                yield f"{where}.{name}: the field is gone"
            else:
                yield from self.differences(before[name], now[name], f"{where}.{name}", depth + 1)
        for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
            yield f"{where}.{name}: became required, events that were published before do not have it"
        for name in sorted(set(old.get("required", ())) - set(new.get("required", ()))):
            if name in now:
                yield f"{where}.{name}: may be absent now, subscribers rely on it"
        for keyword in ("items", "additionalProperties"):
            if isinstance(old.get(keyword), dict) and isinstance(new.get(keyword), dict):
                yield from self.differences(old[keyword], new[keyword], f"{where}[]", depth + 1)
            elif isinstance(old.get(keyword), dict) != isinstance(new.get(keyword), dict):
                yield f"{where}: {keyword} changed"
        for keyword in ("anyOf", "oneOf", "allOf"):
            ways, ways_now = old.get(keyword, []), new.get(keyword, [])
            if len(ways) != len(ways_now):
                yield f"{where}: had {len(ways)} possible shapes and has {len(ways_now)}"
            for way, way_now in zip(ways, ways_now, strict=False):
                yield from self.differences(way, way_now, where, depth + 1)


def _resolved(schema: Any, document: dict[str, Any]) -> dict[str, Any]:
    while isinstance(schema, dict) and "$ref" in schema:
        target: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        schema = target
    return schema if isinstance(schema, dict) else {}
