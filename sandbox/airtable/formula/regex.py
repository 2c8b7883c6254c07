"""Regular expressions as RE2 has them: time grows with the text only, whatever the pattern.

Python reads the pattern; the matching is a walk over all states at once (Pike's machine), with a budget. What RE2
does not know (back references, look-around) is `#ERROR!`, and so is what exceeds the budget.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from sandbox.airtable.formula.regex_program import ANCHOR, CHAR, JUMP, MATCH, SAVE, SPLIT, program
from sandbox.airtable.formula.values import EvaluationError

#: Steps of the machine for one call: some tenths of a second.
BUDGET = 300_000
_GROUP = re.compile(r"\$(\$|\d{1,2}|\{\d{1,2}\})")
#: Start and end of the match, then of each group; -1 where a group took no part.
Found = list[int]


class Regex:
    def __init__(self, pattern: str) -> None:
        self._code, self._slots = program(pattern)
        self._steps = 0

    def search(self, text: str) -> Found | None:
        """The leftmost match, by the same preferences as Perl."""
        self._steps = 0
        return self._from(text, 0)

    def all(self, text: str) -> Iterator[Found]:
        """Every match, from left to right, none overlapping another."""
        self._steps, at = 0, 0
        while at <= len(text) and (found := self._from(text, at)) is not None:
            yield found
            at = found[1] if found[1] > found[0] else found[1] + 1

    def _from(self, text: str, start: int) -> Found | None:
        code, best = self._code, None
        current: list[tuple[int, Found]] = []
        for at in range(start, len(text) + 1):
            seen: set[int] = set()
            threads: list[tuple[int, Found]] = []
            for pc, saved in current:
                self._follow(pc, saved, text, at, seen, threads)
            if best is None:
                self._follow(0, [-1] * self._slots, text, at, seen, threads)
            elif not threads:
                break
            current = []
            for pc, saved in threads:
                operation, argument = code[pc]
                if operation == MATCH:
                    best = saved
                    break
                if at < len(text) and argument(text[at]):
                    current.append((pc + 1, saved))
        return best

    def _follow(
        self, pc: int, saved: Found, text: str, at: int, seen: set[int], threads: list[tuple[int, Found]]
    ) -> None:
        """Add the states reached without a character, the preferred one first."""
        stack = [(pc, saved)]
        while stack:
            self._steps += 1
            if self._steps > BUDGET:
                raise EvaluationError
            pc, saved = stack.pop()
            if pc in seen:
                continue
            seen.add(pc)
            operation, argument = self._code[pc]
            if operation == JUMP:
                stack.append((argument, saved))
            elif operation == SPLIT:
                stack += [(argument[1], saved), (argument[0], saved)]
            elif operation == SAVE:
                stack.append((pc + 1, [*saved[:argument], at, *saved[argument + 1 :]]))
            elif operation == ANCHOR:
                if argument(text, at):
                    stack.append((pc + 1, saved))
            elif operation in (CHAR, MATCH):
                threads.append((pc, saved))


@functools.lru_cache(maxsize=256)
def _compiled(pattern: str) -> Regex | None:
    try:
        return Regex(pattern)
    except (re.error, OverflowError, RecursionError, ValueError):
        return None


def compile_regex(pattern: str) -> Regex:
    """Raises EvaluationError for what is no pattern."""
    regex = _compiled(pattern)
    if regex is None:
        raise EvaluationError
    return regex


def expand(replacement: str, text: str, found: Found) -> str:
    """`$1` or `${1}` is the first group, `$0` the whole match, `$$` a dollar; a group that is not there is nothing."""

    def group(match: re.Match[str]) -> str:
        if match[1] == "$":
            return "$"
        at = 2 * int(match[1].strip("{}"))
        return text[found[at] : found[at + 1]] if at < len(found) and found[at] >= 0 else ""

    return _GROUP.sub(group, replacement)
