"""What can be set, as AUDIT_SERVICE_<NAME>; a wrong value stops the start."""

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from chassis import AppSettings


class Settings(AppSettings):
    OWNED_APART: ClassVar[bool] = True  # PostgreSQL lets the app's own role insert and read only

    checkpoints: str = Field(
        default="",
        pattern=r"^(|/.+|https?://.+)$",
        description="The second place that signed checkpoints go to: a folder (absolute path), or an address that "
        "takes each by POST. Best on another machine than the database. Empty: `checkpoints` in the run directory.",
    )
    waiting: int = Field(default=4_000, ge=200, le=100_000, description="Entries that may wait to be appended.")

    @property
    def checkpoint_folder(self) -> Path | None:
        """None: they go to an address."""
        if self.checkpoints.startswith("http"):
            return None
        return Path(self.checkpoints or f"{self.platform_run_dir or '.run'}/checkpoints")
