"""The second place: where signed checkpoints are out of reach of whoever owns the database."""

import asyncio
import os
from pathlib import Path
from urllib.parse import quote

import aiohttp

from apps.audit_service.domain.errors import PlaceAway
from apps.audit_service.settings import Settings
from chassis import asking

PLAIN = {"content-type": "text/plain"}
WAIT = 10.0  # seconds an address may take


class SecondPlace:
    """A folder, in which a file is written once and never again, or an address that takes each note by POST."""

    def __init__(self, settings: Settings, outside: aiohttp.ClientSession) -> None:
        self._folder = settings.checkpoint_folder
        self._address = settings.checkpoints
        self._outside = outside

    @property
    def name(self) -> str:
        return str(self._folder) if self._folder else self._address

    async def put(self, tenant: str, size: int, note: str) -> None:
        """Raises PlaceAway when it could not be put there, or when another note of that size is there already."""
        if self._folder is not None:
            await asyncio.to_thread(_write, self._folder / quote(tenant, safe=""), size, note)
            return
        try:
            async with (
                asyncio.timeout(WAIT),
                asking(self._outside, "POST", self._address, data=note.encode(), headers=PLAIN) as answer,
            ):
                if answer.status >= 300:
                    raise PlaceAway(f"The place of checkpoints answers {answer.status}.")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise PlaceAway(f"The place of checkpoints cannot be reached ({type(error).__name__}).") from None

    async def notes(self, tenant: str) -> list[str] | None:
        """What is there of a tenant, in the order of sizes; None when it is an address, which cannot be read back."""
        if self._folder is None:
            return None
        return await asyncio.to_thread(_read, self._folder / quote(tenant, safe=""))


def _write(folder: Path, size: int, note: str) -> None:
    path = folder / f"{size:020}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        new = folder / f".{size:020}.{os.getpid()}"
        with new.open("w", encoding="utf-8") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(new, path)  # unlike a rename, never over what is there
        except FileExistsError:
            # Signed anew at another second it is the same: what matters is size, root and head.
            if path.read_text(encoding="utf-8").split("\ntime ")[0] != note.split("\ntime ")[0]:
                raise PlaceAway(
                    f"{path} says something else: the trail was changed, see GET /api/v1/audit/verify."
                ) from None
        finally:
            new.unlink()
    except OSError as error:
        raise PlaceAway(f"The folder of checkpoints, {folder}, cannot be written: {error.strerror}.") from None


def _read(folder: Path) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted(folder.glob("[0-9]*.txt"))]
