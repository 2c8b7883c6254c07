"""`GET /_events?from=&to=`: an owner hands its events over to an app that missed some. The bus is not the record."""

import orjson
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ._codes import InvalidRequest
from ._database import Database
from ._errors import FieldError
from ._events import numbered
from ._principal import service
from ._provide import Container, SelfProvided

PATH = "/_events"
MOST = 200  # events of one answer

_HEAD = text("SELECT last, (SELECT min(sequence) FROM outbox) AS oldest FROM outbox_head")
_RANGE = text("""
    SELECT sequence, envelope FROM outbox
    WHERE sequence BETWEEN :first AND :last ORDER BY sequence LIMIT :most
""")


class Handover(SelfProvided):
    """Comes with the database. Who may ask is the mesh's: events of all tenants, for apps and for no user."""

    def __init__(self, db: Database) -> None:
        self._db = db

    @classmethod
    def routes(cls, container: Container) -> list[BaseRoute]:
        async def events(request: Request) -> Response:
            first, last = (_number(request, name) for name in ("from", "to"))
            return Response(await container[cls].events(first, last), media_type="application/json")

        return [Route(PATH, events, methods=["GET"])]

    async def events(self, first: int, last: int) -> bytes:
        """`{"head", "oldest", "events"}`: the last number given, the oldest still kept (null: none), and of `first` to
        `last` what is kept, in order, at most MOST. A `last` below `first` asks for the numbers alone.
        """
        async with self._db.read(service(self._db.app_id)) as read:
            head = (await read.execute(_HEAD)).one()
            rows = (await read.execute(_RANGE, {"first": first, "last": last, "most": MOST})).all()
        events = [orjson.Fragment(numbered(row.envelope, row.sequence)) for row in rows]
        return orjson.dumps({"head": head.last, "oldest": head.oldest, "events": events})


def _number(request: Request, name: str) -> int:
    value = request.query_params.get(name, "")
    if not (value.isascii() and value.isdigit() and len(value) < 19):
        raise InvalidRequest(
            f"{name} is the number of an event.", errors=[FieldError(name, "a whole number is needed", "query")]
        )
    return int(value)
