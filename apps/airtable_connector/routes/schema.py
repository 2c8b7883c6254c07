"""Making and renaming bases, tables and fields."""

from apps.airtable_connector.domain import beside
from apps.airtable_connector.domain.shapes import table_of
from apps.airtable_connector.service import Direct
from chassis import Principal, Router
from contracts.airtable_connector import NewBase, NewField, NewTable, Renamed, Table, TableField
from contracts.listing import Listing

router = Router(prefix="/api/v1/bases", tags=["Bases"])


@router.post("", summary="Create a base", audit="base.create", status_code=201)
async def create_base(new: NewBase, who: Principal, direct: Direct) -> Listing[Table]:
    """With its tables, which are the answer."""
    call = beside.schema("POST", None, "", new)
    return await direct.ask(call, who, Listing[Table], lambda raw: {"items": [table_of(one) for one in raw["tables"]]})


@router.post("/{base}/tables", summary="Create a table", audit="table.create", status_code=201)
async def create_table(base: str, new: NewTable, who: Principal, direct: Direct) -> Table:
    """The first field is the primary one."""
    return await direct.ask(beside.schema("POST", base, "tables", new), who, Table, table_of)


@router.patch("/{base}/tables/{table}", summary="Rename or describe a table", audit="table.update")
async def update_table(base: str, table: str, change: Renamed, who: Principal, direct: Direct) -> Table:
    """By its id."""
    return await direct.ask(beside.schema("PATCH", base, f"tables/{table}", change), who, Table, table_of)


@router.post("/{base}/tables/{table}/fields", summary="Create a field", audit="field.create", status_code=201)
async def create_field(base: str, table: str, new: NewField, who: Principal, direct: Direct) -> TableField:
    """Of a type that Airtable's API can create."""
    return await direct.ask(beside.schema("POST", base, f"tables/{table}/fields", new), who, TableField)


@router.patch("/{base}/tables/{table}/fields/{field}", summary="Rename or describe a field", audit="field.update")
async def update_field(
    base: str, table: str, field: str, change: Renamed, who: Principal, direct: Direct
) -> TableField:
    """Its type stays: Airtable's API changes none."""
    call = beside.schema("PATCH", base, f"tables/{table}/fields/{field}", change)
    return await direct.ask(call, who, TableField)
