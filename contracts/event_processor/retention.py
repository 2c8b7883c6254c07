"""How long events are kept: without a rule, for ever."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints, model_validator

from contracts.event_processor.log import Asked, Text

RULES = 50  # of one tenant
AT_LEAST = 3_600  # seconds for which every event is kept: the bus may bring it once more until then

Topic = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$", max_length=200)]


class RetentionRule(Asked):
    """Of one stream or one topic. What any limit is beyond is dropped, but for what is less than an hour old or what a
    projection, a subscription or an enabled trigger of yours has not processed yet."""

    stream: Text | None = Field(default=None, description="<owner's app-id>/<subject>")
    topic: Topic | None = Field(default=None, description="Type without its version.")
    max_age_seconds: int | None = Field(default=None, ge=AT_LEAST, le=3_650 * 86_400)
    max_count: int | None = Field(default=None, ge=0, le=2**62, description="The newest so many stay; 0: none.")

    @model_validator(mode="after")
    def _says_of_what_and_how_much(self) -> "RetentionRule":
        if (self.stream is None) == (self.topic is None):
            raise ValueError("give a stream or a topic, and not both")
        if self.max_age_seconds is None and self.max_count is None:
            raise ValueError("give max_age_seconds, max_count or both")
        return self


class Retention(BaseModel):
    name: str
    rule: RetentionRule
    dropped: int = Field(description="Events that it has dropped so far. Their positions and versions stay used.")
    updated_at: datetime
