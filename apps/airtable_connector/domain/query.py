"""Parameters of a read: as clients spell them, as a cache key, and as a listRecords body."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson

from apps.airtable_connector.domain import filters
from contracts.airtable_connector import RecordsQuery

Pairs = Sequence[tuple[str, str]]

FORMULA = "filterByFormula"
MAX_URL = 15_000  # characters; Airtable refuses URLs from 16,000 on
STAYS_IN_QUERY = {"timeZone", "userLocale"}  # Airtable reads these two from the URL even of listRecords
_LISTS = ("fields", "records", "recordMetadata", "include")
_LIST_KEY = re.compile(rf"({'|'.join(_LISTS)})(?:\[(\d*)\])?")
_SORT_KEY = re.compile(r"sort\[(\d+)\]\[(field|direction)\]")
_EMPTY_IS_ABSENT = {"offset", "limit", "pageSize", "maxRecords", "view", "filterByFormula"}
_NUMBERS = {"pageSize", "maxRecords", "limit"}
_FLAGS = {"returnFieldsByFieldId"}


def parse(query: str) -> Pairs:
    """Decoded pairs in the order given. Bytes that are no UTF-8 stay distinguishable (surrogates)."""
    return parse_qsl(query, keep_blank_values=True, errors="surrogateescape")


def offset_of(pairs: Pairs) -> str | None:
    """The page asked for, None for the first."""
    return next((value for key, value in pairs if key == "offset" and value), None)


def with_names(pairs: Pairs, names: Mapping[str, str]) -> Pairs:
    """The same, field ids in the formula as names."""
    return [(key, filters.with_names(value, names) if key == FORMULA else value) for key, value in pairs]


def with_names_in_body(body: bytes, names: Mapping[str, str]) -> bytes:
    """The same for a listRecords body; Airtable is left to say what is wrong with any other."""
    parsed = _parsed_body(body)
    if parsed is None or not isinstance(parsed.get(FORMULA), str):
        return body
    return orjson.dumps({**parsed, FORMULA: filters.with_names(parsed[FORMULA], names)})


def asks_by_id(asked: str | bytes) -> bool:
    """Whether a query or a body may have a formula with a field's id."""
    text = asked if isinstance(asked, str) else asked.decode("utf-8", "replace")
    return FORMULA in text and "fld" in text


def canonical(pairs: Pairs) -> bytes:
    """Equal for queries that Airtable answers alike whichever client spelled them.

    `k`, `k[]` and `k[0]` are one list; the order of different keys does not matter, that within a list does.
    """
    ordered = sorted(_told_apart(pairs), key=lambda entry: entry[:2])
    plain = [(name, value) for name, _, value in ordered]
    return urlencode(plain, errors="surrogateescape").encode("ascii")


def _told_apart(pairs: Pairs) -> Iterable[tuple[str, int, str]]:
    """(name, place in its list, value) of what counts."""
    for key, value in pairs:
        if key in _EMPTY_IS_ABSENT and not value:
            continue
        if found := _LIST_KEY.fullmatch(key):
            yield f"{found[1]}[]", int(found[2] or 0), value
        elif found := _SORT_KEY.fullmatch(key):
            yield f"sort[{int(found[1]):09}][{found[2]}]", 0, value
        else:
            yield key, 0, value


def canonical_body(body: bytes) -> bytes | None:
    """The same for a listRecords body; None when it is not a JSON object."""
    parsed = _parsed_body(body)
    return None if parsed is None else orjson.dumps(parsed, option=orjson.OPT_SORT_KEYS)


def offset_in_body(body: bytes) -> str | None:
    """The page a listRecords body asks for."""
    parsed = _parsed_body(body)
    return parsed.get("offset") or None if parsed else None


def _parsed_body(body: bytes) -> dict[str, Any] | None:
    try:
        parsed = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError:
        return None
    return parsed if isinstance(parsed, dict) else None


def as_list_records(pairs: Pairs) -> tuple[str, bytes]:
    """A list query too long for a URL, as (query string, JSON body) of POST listRecords."""
    body: dict[str, Any] = {}
    sorting: dict[int, dict[str, str]] = {}
    for key, value in pairs:
        if key in STAYS_IN_QUERY or (key in _EMPTY_IS_ABSENT and not value):
            continue
        if found := _LIST_KEY.fullmatch(key):
            body.setdefault(found[1], []).append(value)
        elif found := _SORT_KEY.fullmatch(key):
            sorting.setdefault(int(found[1]), {})[found[2]] = value
        else:
            body[key] = _typed(key, value)
    if sorting:
        body["sort"] = [sorting[index] for index in sorted(sorting)]
    return urlencode([pair for pair in pairs if pair[0] in STAYS_IN_QUERY]), orjson.dumps(body)


def _typed(key: str, value: str) -> Any:
    if key in _NUMBERS and value.isdecimal():
        return int(value)
    if key in _FLAGS:
        return value.lower() in {"1", "true"}
    return value


def airtable_query(asked: RecordsQuery) -> str:
    """Our query as Airtable's."""
    pairs = [("pageSize", str(asked.page_size)), *(("fields[]", name) for name in asked.fields)]
    for index, name in enumerate(asked.sort):
        pairs.append((f"sort[{index}][field]", name.removeprefix("-")))
        pairs.append((f"sort[{index}][direction]", "desc" if name.startswith("-") else "asc"))
    if asked.filter:
        pairs.append(("filterByFormula", filters.formula_of(asked.filter)))
    if asked.view:
        pairs.append(("view", asked.view))
    if asked.cursor:
        pairs.append(("offset", asked.cursor))
    if asked.fields_by_id:
        pairs.append(("returnFieldsByFieldId", "true"))
    return urlencode(pairs)
