"""About how many tokens a language model sees in a text."""

import re

# Tokenizers keep common words whole and break others into pieces of about four letters; signs that follow each other
# are often one token. An id of Airtable is none of that: its 17 random signs are eleven. Compared with OpenAI's
# o200k_base on the seeded schemas, as JSON and slim: docs/explanation/slim-view.md has the numbers.
_PIECES = re.compile(r"\b[a-z]{3}[A-Za-z0-9]{14}\b|[A-Z]?[a-z]+|[A-Z]+|[^\W\d_]+|\d{1,3}|[^\w\s]+|_|\n")
_COMMON = 10  # letters of a word that is one token still
_ID = 11


def tokens(text: str) -> int:
    """An estimate; the same text always gives the same."""
    return sum(_cost(piece) for piece in _PIECES.findall(text))


def _cost(piece: str) -> int:
    if len(piece) <= _COMMON:
        return 1
    is_id = len(piece) == 17 and not piece.isalpha()
    return _ID if is_id else -(-len(piece) // 4)
