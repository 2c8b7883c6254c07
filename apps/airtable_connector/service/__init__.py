"""The use cases: choose a connection, read through the cache, write once and know what became of it, undo."""

from apps.airtable_connector.service.bulk import Bulk
from apps.airtable_connector.service.changes import Changes
from apps.airtable_connector.service.checks import Checks
from apps.airtable_connector.service.connections import Connections, choose
from apps.airtable_connector.service.direct import Direct
from apps.airtable_connector.service.images import Images
from apps.airtable_connector.service.journal import Journal
from apps.airtable_connector.service.monitor import Monitor
from apps.airtable_connector.service.operations import Operations
from apps.airtable_connector.service.outcomes import Outcomes
from apps.airtable_connector.service.pages import Pages
from apps.airtable_connector.service.previews import Previews
from apps.airtable_connector.service.reads import Reads, Served
from apps.airtable_connector.service.resolver import Resolver
from apps.airtable_connector.service.reverts import Reverts
from apps.airtable_connector.service.tables import Tables
from apps.airtable_connector.service.whole import WholeTables
from apps.airtable_connector.service.writes import Done, Writes

USE_CASES = (
    *(Connections, Monitor, Changes, Pages, Reads, WholeTables, Direct, Tables, Images, Journal, Previews, Checks),
    *(Writes, Bulk, Operations, Reverts, Resolver, Outcomes),
)

__all__ = [
    "USE_CASES",
    "Bulk",
    "Changes",
    "Checks",
    "Connections",
    "Direct",
    "Done",
    "Images",
    "Journal",
    "Monitor",
    "Operations",
    "Outcomes",
    "Pages",
    "Previews",
    "Reads",
    "Resolver",
    "Reverts",
    "Served",
    "Tables",
    "WholeTables",
    "Writes",
    "choose",
]
