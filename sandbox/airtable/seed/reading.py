"""From bytes to a seed document, and access to its parts that names what is wrong and where."""

from __future__ import annotations

from typing import Any

import orjson
import yaml


class InvalidSeed(ValueError):
    """The message starts with the place, e.g. `bases[0].tables[2].fields[1].type: …`."""


class _Loader(yaml.CSafeLoader):
    """Without YAML's own dates: `2026-01-31` stays the text that a cell takes."""

    yaml_implicit_resolvers = {  # noqa: RUF012 (the library's own name and form)
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


def read_seed(content: bytes, source: str) -> dict[str, Any]:
    """YAML or JSON. `source` names the document in messages."""
    try:
        _refuse_aliases(content, source)
        document = _Loader(content).get_single_data()
        orjson.dumps(document)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{source}, line {mark.line + 1}" if mark else source
        raise InvalidSeed(f"{where}: not YAML: {getattr(error, 'problem', None) or error}") from None
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidSeed(f"{source}: holds what JSON cannot: {error}") from None
    if not isinstance(document, dict):
        raise InvalidSeed(f"{source}: a seed is a mapping with the key bases")
    return SeedDocument(document, content)


def _refuse_aliases(content: bytes, source: str) -> None:
    """Ten lines of them can stand for more than fits into memory, and no seed needs one."""
    for event in yaml.parse(content, Loader=_Loader) if b"*" in content else ():
        if isinstance(event, yaml.AliasEvent):
            line = f", line {event.start_mark.line + 1}" if event.start_mark else ""
            raise InvalidSeed(f"{source}{line}: an alias, write out what it stands for")


class SeedDocument(dict[str, Any]):
    """A document that knows its text, to say in which line something is."""

    def __init__(self, content: dict[str, Any], text: bytes) -> None:
        super().__init__(content)
        self._text = text

    def line(self, place: str) -> int:
        """Of the innermost part of the place that exists."""
        node: yaml.Node = yaml.compose(self._text, Loader=_Loader)  # type: ignore[assignment]
        rest = place.lstrip(".")
        while (inner := _inner(node, rest)) is not None:
            node, rest = inner
        return int(node.start_mark.line) + 1


def _inner(node: yaml.Node, place: str) -> tuple[yaml.Node, str] | None:
    if isinstance(node, yaml.SequenceNode):
        index, closed, rest = place.removeprefix("[").partition("]")
        if closed and index.isdecimal() and int(index) < len(node.value):
            return node.value[int(index)], rest.lstrip(".")
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            rest = place.removeprefix(str(key.value))
            if rest != place and rest[:1] in ("", ".", "["):
                return value, rest.lstrip(".")
    return None


class Part:
    """One mapping of the document with its place. Reading a key checks its type; `finish` refuses the rest."""

    def __init__(self, content: Any, place: str) -> None:
        self.place = place
        if not isinstance(content, dict):
            raise InvalidSeed(f"{place}: must be a mapping")
        self._content = content
        self._used: set[str] = set()

    def fail(self, key: str, message: str) -> InvalidSeed:
        return InvalidSeed(f"{self.place}.{key}: {message}")

    def text(self, key: str) -> str:
        value = self.optional(key)
        if not isinstance(value, str) or not value:
            raise self.fail(key, "a text is required")
        return value

    def optional_text(self, key: str) -> str | None:
        value = self.optional(key)
        if not isinstance(value, str | None):
            raise self.fail(key, "must be a text")
        return value

    def optional(self, key: str, default: Any = None) -> Any:
        self._used.add(key)
        return self._content.get(key, default)

    def number(self, key: str, default: int) -> int:
        value = self.optional(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.fail(key, "must be a whole number, not negative")
        return value

    def mapping(self, key: str) -> dict[str, Any]:
        value = self.optional(key, {})
        if not isinstance(value, dict):
            raise self.fail(key, "must be a mapping")
        return value

    def parts(self, key: str) -> list[Part]:
        return [Part(item, f"{self.place}.{key}[{at}]".lstrip(".")) for at, item in enumerate(self.items(key))]

    def items(self, key: str) -> list[Any]:
        value = self.optional(key, [])
        if not isinstance(value, list):
            raise self.fail(key, "must be a list")
        return value

    def finish(self) -> None:
        if unknown := sorted(map(str, set(self._content) - self._used)):
            raise self.fail(unknown[0], f"unknown key; known here are {', '.join(sorted(self._used))}")
