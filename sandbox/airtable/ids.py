"""Airtable ids: a three-letter prefix and 14 characters of [0-9A-Za-z]."""

import hashlib
import random
import re

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID = re.compile(r"[a-z]{3}[0-9A-Za-z]{14}")


def is_id(prefix: str, text: object) -> bool:
    """Whether the text has the form of an id of that kind; says nothing about whether the thing exists."""
    return isinstance(text, str) and text.startswith(prefix) and _ID.fullmatch(text) is not None


def derived_id(prefix: str, path: str) -> str:
    """The same id for the same path in every run and on every machine, so that seeds have stable ids."""
    number = int.from_bytes(hashlib.sha256(f"{prefix}/{path}".encode()).digest()[:12], "big")
    return prefix + _letters(number)


class Ids:
    """Ids of what is made at run time: random-looking, and the same sequence after every reset."""

    def __init__(self, seed: int = 1) -> None:
        self._seed = seed
        self.restore(0)

    def new(self, prefix: str) -> str:
        self.drawn += 1
        return prefix + _letters(self._random.getrandbits(96))

    def skip_to(self, drawn: int) -> None:
        """As if that many ids had been drawn."""
        while self.drawn < drawn:
            self.drawn += 1
            self._random.getrandbits(96)

    def restore(self, drawn: int) -> None:
        """Back to where that many ids had been drawn."""
        self._random, self.drawn = random.Random(self._seed), 0
        self.skip_to(drawn)


def _letters(number: int) -> str:
    letters = []
    for _ in range(14):
        number, digit = divmod(number, 62)
        letters.append(ALPHABET[digit])
    return "".join(letters)
