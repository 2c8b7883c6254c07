"""What can be set, as AUDIT_SERVICE_<NAME>; a wrong value stops the start."""

from pydantic import Field

from chassis import AppSettings


class Settings(AppSettings):
    widest: int = Field(default=3, ge=1, le=100, description="How many tables a summary names.")
