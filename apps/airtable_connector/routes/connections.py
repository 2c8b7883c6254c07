"""The connections to Airtable that a tenant has, and how a request names one."""

from typing import Annotated

from fastapi import Depends, Header

from apps.airtable_connector.service import Connections, choose
from chassis import Principal, Router
from contracts.airtable_connector import Connection, ConnectionChecked
from contracts.listing import Listing

HEADER = "x-airtable-connection"

router = Router(prefix="/api/v1/connections", tags=["Connections"])


@router.get("", summary="List connections")
async def list_connections(who: Principal, connections: Connections) -> Listing[Connection]:
    """In the order in which they are tried for a base that a request names no connection for; `next` is always null."""
    return Listing(items=await connections.known_to(who))


@router.get("/{connection}", summary="Check a connection")
async def check_connection(connection: str, who: Principal, connections: Connections) -> ConnectionChecked:
    """Airtable is asked now: whose token it is, what it may do, which bases it sees. The token is never told.
    Raises AirtableUnknownConnection (404)."""
    return await connections.check(connection, who)


async def _named(
    connection: Annotated[
        str,
        Header(
            alias=HEADER,
            description="The connection to use, of `GET /api/v1/connections`. Without it: the first whose token sees "
            "the base.",
        ),
    ] = "",
) -> None:
    choose(connection)


def chosen_by_header(router: Router) -> Router:
    """The same router; each request over one of its routes may name its connection."""
    for route in router.declared:
        route.options["dependencies"] = [Depends(_named)]
    return router
