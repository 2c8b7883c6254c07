"""A regular expression as instructions for the machine in `regex`. The syntax is read by Python's own parser."""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Callable
from typing import Any

# Private, but stable since 3.11, and the only part of `re` that reads a pattern without running it.
from re import _constants, _parser  # isort: skip

CHAR, MATCH, JUMP, SPLIT, SAVE, ANCHOR = range(6)
Instruction = tuple[int, Any]
#: As in RE2, where a repetition is at most 1,000 times; what is written out is bounded too.
MAX_REPEAT, MAX_INSTRUCTIONS, MAX_PATTERN = 1000, 10_000, 1000

_CATEGORIES: dict[Any, Callable[[str], bool]] = {
    _constants.CATEGORY_DIGIT: lambda char: char in "0123456789",
    _constants.CATEGORY_SPACE: lambda char: char in " \t\n\r\f\v",
    _constants.CATEGORY_WORD: lambda char: _is_word(char),
    _constants.CATEGORY_NOT_DIGIT: lambda char: char not in "0123456789",
    _constants.CATEGORY_NOT_SPACE: lambda char: char not in " \t\n\r\f\v",
    _constants.CATEGORY_NOT_WORD: lambda char: not _is_word(char),
}


def program(pattern: str) -> tuple[list[Instruction], int]:
    """The instructions and the number of saved positions. Raises re.error for what RE2 would not take."""
    if len(pattern) > MAX_PATTERN:
        raise re.error("too long")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = _parser.parse(pattern)
    writer = _Writer(tree.state.flags)
    writer.put(SAVE, 0)
    writer.sequence(tree)
    writer.put(SAVE, 1)
    writer.put(MATCH, None)
    return writer.code, 2 * tree.state.groups


class _Writer:
    def __init__(self, flags: int) -> None:
        self.code: list[Instruction] = []
        self._flags = flags
        self._sequences = 0

    def put(self, operation: int, argument: Any) -> int:
        if len(self.code) >= MAX_INSTRUCTIONS:
            raise re.error("too large")
        self.code.append((operation, argument))
        return len(self.code) - 1

    def sequence(self, items: Any) -> None:
        # Repetitions of nothing write no instruction, but take as long.
        self._sequences += 1
        if self._sequences > MAX_INSTRUCTIONS:
            raise re.error("too large")
        for operation, argument in items:
            write = getattr(self, f"_{str(operation).lower()}", None)
            if write is None:
                raise re.error(f"no {operation} in RE2")
            write(argument)

    def _literal(self, code: int) -> None:
        wanted = {chr(code)} if not self._ignores_case else _cases(chr(code))
        self.put(CHAR, wanted.__contains__)

    def _not_literal(self, code: int) -> None:
        unwanted = {chr(code)} if not self._ignores_case else _cases(chr(code))
        self.put(CHAR, lambda char: char not in unwanted)

    def _any(self, _: None) -> None:
        everything = self._flags & re.DOTALL
        self.put(CHAR, (lambda char: True) if everything else (lambda char: char != "\n"))

    def _in(self, items: Any) -> None:
        negated = bool(items[0][0] == _constants.NEGATE)
        tests = [_member(*item) for item in items[negated:]]
        ignores_case = self._ignores_case

        @functools.lru_cache(maxsize=512)
        def test(char: str) -> bool:
            chars = _cases(char) if ignores_case else {char}
            return any(each(one) for each in tests for one in chars) != negated

        self.put(CHAR, test)

    def _branch(self, argument: Any) -> None:
        alternatives, ends = argument[1], []
        for alternative in alternatives[:-1]:
            split = self.put(SPLIT, None)
            self.sequence(alternative)
            ends.append(self.put(JUMP, None))
            self.code[split] = (SPLIT, (split + 1, len(self.code)))
        self.sequence(alternatives[-1])
        for end in ends:
            self.code[end] = (JUMP, len(self.code))

    def _subpattern(self, argument: Any) -> None:
        group, added, removed, items = argument
        outer, self._flags = self._flags, (self._flags | added) & ~removed
        if group is not None:
            self.put(SAVE, 2 * group)
        self.sequence(items)
        if group is not None:
            self.put(SAVE, 2 * group + 1)
        self._flags = outer

    def _max_repeat(self, argument: Any, *, greedy: bool = True) -> None:
        least, most, items = argument
        unbounded = most == _constants.MAXREPEAT
        if least > MAX_REPEAT or (not unbounded and most > MAX_REPEAT):
            raise re.error("repeated too often")
        if unbounded:
            self._unbounded(least, items, greedy)
        else:
            for _ in range(least):
                self.sequence(items)
            splits = []
            for _ in range(most - least):
                splits.append(self.put(SPLIT, None))
                self.sequence(items)
            for split in splits:
                self._choose(split, greedy)

    def _unbounded(self, least: int, items: Any, greedy: bool) -> None:
        """`x*` as `(x+)?`: with the choice before x, an x that matched nothing could not leave and matched more."""
        skip = None if least else self.put(SPLIT, None)
        for _ in range(least - 1):
            self.sequence(items)
        first = len(self.code)
        self.sequence(items)
        again = self.put(SPLIT, None)
        self.code[again] = (SPLIT, (first, again + 1) if greedy else (again + 1, first))
        if skip is not None:
            self._choose(skip, greedy)

    def _min_repeat(self, argument: Any) -> None:
        self._max_repeat(argument, greedy=False)

    def _choose(self, split: int, greedy: bool) -> None:
        inside, after = split + 1, len(self.code)
        self.code[split] = (SPLIT, (inside, after) if greedy else (after, inside))

    def _at(self, where: Any) -> None:
        multiline = bool(self._flags & re.MULTILINE)
        self.put(ANCHOR, _ANCHORS[where] if not multiline else _LINE_ANCHORS.get(where, _ANCHORS[where]))

    @property
    def _ignores_case(self) -> bool:
        return bool(self._flags & re.IGNORECASE)


def _cases(char: str) -> set[str]:
    return {char, char.lower(), char.upper()}


def _member(operation: Any, argument: Any) -> Callable[[str], bool]:
    if operation == _constants.LITERAL:
        return {chr(argument)}.__contains__
    if operation == _constants.RANGE:
        low, high = chr(argument[0]), chr(argument[1])
        return lambda char: low <= char <= high
    category: Callable[[str], bool] = _CATEGORIES[argument]
    return category


def _is_word(char: str) -> bool:
    return char == "_" or (char.isascii() and char.isalnum())


def _boundary(text: str, at: int) -> bool:
    before = at > 0 and _is_word(text[at - 1])
    return before != (at < len(text) and _is_word(text[at]))


_ANCHORS: dict[Any, Callable[[str, int], bool]] = {
    _constants.AT_BEGINNING: lambda text, at: at == 0,
    _constants.AT_BEGINNING_STRING: lambda text, at: at == 0,
    _constants.AT_END: lambda text, at: at == len(text),
    _constants.AT_END_STRING: lambda text, at: at == len(text),
    _constants.AT_BOUNDARY: _boundary,
    _constants.AT_NON_BOUNDARY: lambda text, at: not _boundary(text, at),
}
_LINE_ANCHORS: dict[Any, Callable[[str, int], bool]] = {
    _constants.AT_BEGINNING: lambda text, at: at == 0 or text[at - 1] == "\n",
    _constants.AT_END: lambda text, at: at == len(text) or text[at] == "\n",
}
