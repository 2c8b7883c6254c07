"""What is done on a period."""

from apps.schema_service.service import Schemas
from chassis import job


@job("@every 15m", seconds=600)
async def look_again(schemas: Schemas) -> None:
    """Take a snapshot of every base that was asked for once."""
    await schemas.take_all()
