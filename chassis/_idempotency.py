"""A repeated Idempotency-Key gets the first answer again: kept a day, sealed, written with the effect it tells of."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import text

from ._codes import AnswerNotKept, KeyReused, UnderWay
from ._dapr import RETRY_SOON
from ._wire import UNAUDITED

if TYPE_CHECKING:
    from ._change import Read
    from ._seal import Seal

KEPT = "24 hours"
LONGEST_KEY = 255  # characters
LARGEST = 1024 * 1024  # bytes of an answer that is kept
REPLAYED = (b"idempotency-replayed", b"true")
_OF_THIS_ANSWER = (b"content-length", b"date", b"server-timing")

_COLUMNS = "request_hash, status, headers, sealed"
_LIVES = f"created_at > now() - interval '{KEPT}'"
_FIND = text(f"""
    SELECT {_COLUMNS} FROM idempotency WHERE tenant = :tenant AND route = :route AND key = :key AND {_LIVES}
""")  # noqa: S608
# The lock is the claim: whoever dies gives it back with his transaction, so that nothing half is left.
_CLAIM = text(f"""
    SELECT pg_try_advisory_xact_lock(hashtextextended(concat_ws(chr(31), :tenant, :route, :key), 0)) AS free, {_COLUMNS}
    FROM (SELECT 1) AS one LEFT JOIN idempotency ON tenant = :tenant AND route = :route AND key = :key AND {_LIVES}
""")  # noqa: S608
_KEEP = text(f"""
    INSERT INTO idempotency (tenant, route, key, {_COLUMNS})
    VALUES (:tenant, :route, :key, :hash, :status, CAST(:headers AS jsonb), :sealed)
    ON CONFLICT (tenant, route, key) DO UPDATE
    SET request_hash = excluded.request_hash, status = excluded.status, headers = excluded.headers,
        sealed = excluded.sealed, created_at = now()
    WHERE idempotency.created_at <= now() - interval '{KEPT}'
        OR (idempotency.status IS NULL AND excluded.status IS NOT NULL)
""")  # noqa: S608
_RELEASE = text("DELETE FROM idempotency WHERE tenant = :tenant AND route = :route AND key = :key AND status IS NULL")


class Answered(Exception):
    """The request was answered before: leaves the endpoint for the unit of work, which sends `answer` again."""

    def __init__(self, answer: "KeptAnswer") -> None:
        self.answer = answer


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """As the route gave it."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes


@dataclass(frozen=True, slots=True)
class Key:
    """`hash` stands for everything that makes two requests the same one: who, method, address, body.

    `seal` may be left out where no answer is kept or given again.
    """

    tenant: str
    route: str
    key: str
    hash: bytes
    seal: "Seal | None" = field(default=None, compare=False)

    @property
    def named(self) -> dict[str, str]:
        return {"tenant": self.tenant, "route": self.route, "key": self.key}

    async def look(self, read: "Read") -> None:
        """Raise Answered, KeyReused, UnderWay or AnswerNotKept when the key was used before."""
        row = (await read.execute(_FIND, self.named)).one_or_none()
        if row is not None:
            raise await self._used(row)

    async def claim(self, change: "Read") -> None:
        """Keep others with this key out until `change` ends. Raises as `look` does."""
        row = (await change.execute(_CLAIM, self.named)).one()
        if row.request_hash is not None:
            raise await self._used(row)
        if not row.free:
            raise _under_way()

    async def begin(self, change: "Read") -> None:
        """Take the key for longer than `change`, until `keep` or `release`. Raises as `look` does."""
        await self.claim(change)
        await self._write(change, None, "", None)

    async def keep(self, change: "Read", answer: KeptAnswer | None, hint: str = "") -> None:
        """Write the answer down. None: what was asked for is done, and `hint` says where to look what it did."""
        sealed = None
        if answer is not None and len(answer.body) <= LARGEST:
            assert self.seal is not None
            kept = [each for each in answer.headers if each[0].lower() not in _OF_THIS_ANSWER]
            head = orjson.dumps([[name.decode("latin-1"), value.decode("latin-1")] for name, value in kept])
            sealed = await self.seal.close(head + b"\n" + answer.body, self._place)
        await self._write(change, answer.status if answer else 200, hint, sealed)

    async def release(self, change: "Read") -> None:
        """Nothing happened: the key is free again."""
        await change.execute(_RELEASE, self.named)

    @property
    def _place(self) -> bytes:
        """Where a sealed answer belongs: moved to another row it does not open."""
        return "\n".join((self.tenant, self.route, self.key)).encode() + self.hash

    async def _write(self, change: "Read", status: int | None, hint: str, sealed: bytes | None) -> None:
        headers = orjson.dumps({"hint": hint}).decode()
        values = {"hash": self.hash, "status": status, "headers": headers, "sealed": sealed}
        if not (await change.execute(_KEEP, {**self.named, **values})).rowcount:
            raise _under_way()  # another one was quicker between our look and this

    async def _used(self, row: Any) -> Exception:
        if row.request_hash != self.hash:
            return KeyReused("This Idempotency-Key was used for another request. Take a new key for each thing to do.")
        if row.status is None:
            return _under_way()
        kept = await self.seal.open(row.sealed, self._place) if self.seal and row.sealed else None
        if kept is None:
            hint = (isinstance(row.headers, dict) and row.headers.get("hint")) or "what it was about"
            return AnswerNotKept(f"The first request with this key was answered or may be done: look at {hint}.")
        head, _, body = kept.partition(b"\n")
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in orjson.loads(head)]
        headers += [(b"content-length", str(len(body)).encode()), REPLAYED]
        return Answered(KeptAnswer(row.status, headers, body))


def request_hash(*parts: bytes) -> bytes:
    digest = sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()


def _under_way() -> UnderWay:
    detail = "A request with this Idempotency-Key is under way. Send it again for its answer."
    return UnderWay(detail, headers={**RETRY_SOON, UNAUDITED: "1"})
