"""Calls of several callers on one table as one call to Airtable, and its answer as one for each of them.

Writes are merged into a batch, reads of single records into a list with a formula that finds them.

A call is merged only with what means the same beside its records. What a merged call was refused for is one caller's
fault, and Airtable does none of it: it is taken apart by what Airtable says is wrong.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote, urlencode

import orjson

from apps.airtable_connector.domain import formulas, query, refusals, requests
from apps.airtable_connector.domain.calls import Answer, Call
from contracts.airtable_connector import BATCH

_QUOTED = re.compile(r'"([^"]+)"')
_RECORD = re.compile(r"\brec[A-Za-z0-9]{14}\b")
_BESIDE = {"records", "fields", "typecast", "returnFieldsByFieldId"}
_PAGE = 100  # records that a list answers without a second page


@dataclass(frozen=True, slots=True)
class Piece:
    """One caller's call: `key` is equal for those that can go together; `single`: not in the form of a batch."""

    call: Call
    key: tuple[Any, ...]
    records: tuple[Any, ...]  # {"fields"} of a create, {"id", "fields"} of a change, the id of a deletion or read
    single: bool

    @property
    def most(self) -> int:
        """Records that one call can be about."""
        return _PAGE if self.call.read else BATCH

    @property
    def ids(self) -> set[str]:
        return {
            one if isinstance(one, str) else one["id"] for one in self.records if isinstance(one, str) or "id" in one
        }

    def names(self, words: set[str]) -> bool:
        """Whether one of these is a field, a record or a value of it."""
        found = self.ids
        for one in self.records:
            if isinstance(one, dict):
                found.update(one["fields"])
                for value in one["fields"].values():
                    found.update(
                        each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)
                    )
        return not found.isdisjoint(words)


def piece_of(call: Call) -> Piece | None:
    """None for what goes alone: lists, upserts, full batches, and what Airtable will refuse for its form."""
    table, record = requests.table_of(call)
    if table is None or len(call.path.split("/")) > 3:
        return None
    path = "/".join(call.path.split("/")[:2])
    if call.read:
        plain = record is not None and _RECORD.fullmatch(record) and call.query in ("", "returnFieldsByFieldId=true")
        return _piece(call, (path, call.query), [record], single=True) if plain else None
    if call.method == "DELETE":
        pairs = query.parse(call.query)
        ids = [record] if record else [value for name, value in pairs if name.startswith("records")]
        plain = not call.body and len(pairs) == (0 if record else len(ids))
        return _piece(call, (path,), ids, single=record is not None) if plain else None
    body = _body(call)
    if body is None or call.query or body.keys() - _BESIDE:
        return None
    options = tuple(orjson.dumps(body.get(name, False)) for name in ("typecast", "returnFieldsByFieldId"))
    if record is not None or ("records" not in body and call.method == "POST"):
        found: Any = [{"fields": body.get("fields"), **({"id": record} if record else {})}]
        return _piece(call, (path, *options), found, single=True)
    return _piece(call, (path, *options), body.get("records"), single=False)


def merged(pieces: Sequence[Piece]) -> Call:
    """One call for all of them; the caller's own, byte for byte, where there is only one."""
    first = pieces[0].call
    if len(pieces) == 1:
        return first
    path = "/".join(first.path.split("/")[:2])
    records = [record for piece in pieces for record in piece.records]
    if first.read:
        asked = urlencode({query.FORMULA: formulas.any_of(records)})
        return replace(first, path=path, query="&".join(filter(None, (asked, first.query))), lists=True)
    if first.method == "DELETE":
        return replace(first, path=path, query=urlencode([("records[]", one) for one in records]))
    options = {name: value for name, value in (_body(first) or {}).items() if name not in ("records", "fields")}
    return replace(first, path=path, body=orjson.dumps({"records": records, **options}))


def parted(pieces: Sequence[Piece], answer: Answer) -> Sequence[Answer | None] | None:
    """Each caller's part of the answer to a call that succeeded, None for a record that a list lacks: Airtable says by
    itself what is wrong with it. None alone when it is not what was asked for."""
    if len(pieces) == 1:
        return [answer]
    try:
        told = orjson.loads(answer.body)["records"]
        if pieces[0].call.read:
            found = {one["id"]: orjson.dumps(one) for one in told}
            return [
                replace(answer, body=found[piece.records[0]]) if piece.records[0] in found else None for piece in pieces
            ]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    if not isinstance(told, list) or len(told) != sum(len(piece.records) for piece in pieces):
        return None
    parts, first = [], 0
    for piece in pieces:
        mine = told[first : first + len(piece.records)]
        first += len(piece.records)
        body = orjson.dumps(mine[0] if piece.single else {"records": mine})
        parts.append(Answer(answer.status, body, answer.content_type, answer.headers))
    return parts


def taken_apart(pieces: Sequence[Piece], refused: Answer) -> list[list[Piece]]:
    """What to send instead: those that have to do with what Airtable complains of alone, all others together; where it
    does not say, or all have, in two halves. Reads each alone, since it complains of a formula they do not have."""
    if pieces[0].call.read:
        return [[piece] for piece in pieces]
    words = set(_QUOTED.findall(refusals.read(refused).message)) | set(_RECORD.findall(refusals.read(refused).message))
    suspects = [piece for piece in pieces if piece.names(words)]
    if 0 < len(suspects) < len(pieces):
        return [[piece for piece in pieces if piece not in suspects], *([one] for one in suspects)]
    middle = len(pieces) // 2
    return [list(pieces[:middle]), list(pieces[middle:])]


def _piece(call: Call, key: tuple[Any, ...], records: Any, *, single: bool) -> Piece | None:
    if not isinstance(records, list) or not 0 < len(records) < BATCH:
        return None
    for one in records:
        if call.read or call.method == "DELETE":
            sound = isinstance(one, str) and bool(one)
        else:
            keys = {"fields"} if call.method == "POST" else {"id", "fields"}
            sound = isinstance(one, dict) and one.keys() == keys and isinstance(one["fields"], dict)
            sound = sound and (call.method == "POST" or isinstance(one["id"], str))
        if not sound:
            return None
    alike = (call.connection, call.method, call.content_type, unquote(key[0]), *key[1:])
    return Piece(call, alike, tuple(records), single)


def _body(call: Call) -> dict[str, Any] | None:
    try:
        body = orjson.loads(call.body or b"")
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None
