"""One page of things, as every listing route answers."""

from typing import Generic, TypeVar

from pydantic import BaseModel, Field

T = TypeVar("T")


class Listing(BaseModel, Generic[T]):
    """A page: the items, and the cursor of the next page or null on the last one."""

    items: list[T]
    next: str | None = Field(default=None, description="Give it as `cursor` to get the next page; null: no more.")
