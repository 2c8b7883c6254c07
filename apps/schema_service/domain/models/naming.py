"""Names of tables and fields as a language takes them: identifiers, unique, none of them reserved."""

import json
import keyword
import unicodedata
from collections.abc import Callable, Collection, Iterable

# Names of Python that generated classes use: a field of such a name would hide it from the fields after it.
PYTHON = frozenset({*keyword.kwlist, *keyword.softkwlist, "bool", "dict", "float", "int", "list", "str"})


def snake(name: str) -> str:
    """`Annual revenue (€)` → `annual_revenue`; letters of any script stay. Empty when nothing is left."""
    words = "".join(sign if _continues(sign) and sign != "_" else " " for sign in unicodedata.normalize("NFKC", name))
    spelled = unicodedata.normalize("NFKC", "_".join(words.lower().split()))
    return spelled if not spelled or spelled.isidentifier() else f"n_{spelled}"


def pascal(name: str) -> str:
    """`Lead import` → `LeadImport`. Empty when nothing is left."""
    words = "".join(sign if _continues(sign) and sign != "_" else " " for sign in unicodedata.normalize("NFKC", name))
    spelled = "".join(word[0].upper() + word[1:] for word in words.split())
    spelled = unicodedata.normalize("NFKC", spelled)
    return spelled if not spelled or spelled.isidentifier() else f"N{spelled}"


def unique(
    named: Iterable[tuple[str, str]],
    spell: Callable[[str], str],
    reserved: Collection[str] = (),
    longest: int | None = None,
) -> dict[str, str]:
    """Id → spelled name, for pairs (id, name). Where two come out the same, the later one counts on: `_2`, `_3`.

    Airtable lists fields in the order they were made in, so a new field takes no name from an old one. `longest` is in
    bytes of UTF-8.
    """
    taken: set[str] = set()
    spelled: dict[str, str] = {}
    for key, name in named:
        plain = spell(name) or spell(key)
        if plain in reserved:
            plain += "_"
        candidate, number = _cut(plain, longest), 1
        while candidate in taken:
            number += 1
            candidate = f"{_cut(plain, longest and longest - len(f'_{number}'))}_{number}"
        taken.add(candidate)
        spelled[key] = candidate
    return spelled


def quoted(text: str) -> str:
    """A string literal of JSON, which is also one of Python and of TypeScript."""
    return json.dumps(text, ensure_ascii=False)


def _continues(sign: str) -> bool:
    return f"a{sign}".isidentifier()


def _cut(text: str, longest: int | None) -> str:
    return text if longest is None else text.encode()[:longest].decode(errors="ignore")
