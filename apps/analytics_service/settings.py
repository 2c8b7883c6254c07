"""What can be set, as ANALYTICS_SERVICE_<NAME>; a wrong value stops the start."""

from pathlib import Path

from pydantic import Field

from chassis import AppSettings


class Settings(AppSettings):
    slow: float = Field(default=1_000, gt=0, description="Milliseconds from which a trace is kept for being slow.")
    samples: int = Field(
        default=10, ge=0, le=1_000, description="Other traces kept of each route in a minute; 0: none."
    )
    quiet: float = Field(default=3, gt=0, le=60, description="Seconds without a new span until a trace is whole.")
    waiting: int = Field(default=50_000, ge=1_000, description="Spans in memory, of traces that are not decided yet.")
    kept_hours: int = Field(default=24, ge=1, le=24 * 90, description="Hours until a trace is forgotten.")
    kept_megabytes: int = Field(default=256, ge=1, description="The oldest go earlier where all take more than this.")
    logs_folder: str = Field(
        default="", description="Where the processes' logs lie, a file each; empty: where the launcher puts them."
    )
    forward_url: str = Field(
        default="",
        pattern="^(https?://.+)?$",
        description="An OTLP/HTTP backend (without /v1/traces) that gets a copy of every span; empty: none.",
    )

    @property
    def logs(self) -> Path | None:
        """None: nobody said where."""
        if self.logs_folder:
            return Path(self.logs_folder)
        return Path(self.platform_run_dir) / "logs" if self.platform_run_dir else None
