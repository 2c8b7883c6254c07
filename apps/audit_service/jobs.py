"""What is done on a period."""

from apps.audit_service.service import Checkpoints, Exports, Retaining
from chassis import job


@job("@every 1m")
async def sign_checkpoints(checkpoints: Checkpoints) -> None:
    """Sign how far each trail has come, and put that out of the database's reach."""
    await checkpoints.sign_all()


@job("@every 5s")
async def make_exports(exports: Exports) -> None:
    """Go on with the files that were asked for."""
    await exports.work()


@job("@hourly", seconds=600)
async def erase_old_entries(retaining: Retaining) -> None:
    """Let the bytes go that are past their retention."""
    await retaining.erase_all()
