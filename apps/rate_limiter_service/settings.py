"""What can be set, as RATE_LIMITER_SERVICE_<NAME>; a wrong value stops the start."""

from typing import Literal

from pydantic import Field

from apps.rate_limiter_service.domain.limits import Limits, exact, real
from chassis import AppSettings


class Settings(AppSettings):
    """Times in seconds."""

    profile: Literal["exact", "real"] = Field(
        default="exact", description="exact: all that Airtable documents. real: a tenth less, for what nobody knows."
    )
    base_rate: int = Field(default=5, ge=1, le=100, description="Airtable's limit per base, requests a second.")
    token_rate: int = Field(default=50, ge=1, le=1_000, description="Airtable's limit per token, requests a second.")
    penalty: float = Field(default=30, ge=0, le=300, description="How long a base is left alone after a 429.")
    queue_length: int = Field(default=500, ge=1, le=10_000, description="Callers that may wait for one base.")
    bases: int = Field(default=1_000, ge=1, le=100_000, description="Bases with a queue at the same time.")
    redis_timeout: float = Field(default=0.5, gt=0, le=5, description="Longest wait for one decision.")

    @property
    def limits(self) -> Limits:
        """The limits in the chosen profile."""
        return (exact if self.profile == "exact" else real)(self.base_rate, self.token_rate)
