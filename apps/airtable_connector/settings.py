"""What can be set, as AIRTABLE_CONNECTOR_<NAME>; a wrong value stops the start."""

from typing import Literal

from pydantic import AnyHttpUrl, Field, field_validator

from apps.airtable_connector.domain.connections import Scopes, declared
from chassis import AppSettings

MIB = 1024 * 1024


class Settings(AppSettings):
    """Times in seconds."""

    airtable_url: AnyHttpUrl = Field(
        default=AnyHttpUrl("https://api.airtable.com"), description="Airtable or the sandbox."
    )
    allow_writes: bool = Field(default=False, description="False: writes are refused before they reach Airtable.")
    connections: str = Field(
        default="default",
        description="The Airtable tokens a tenant may have, by the names of their secrets, separated by commas; the "
        "first one asks what is about no base. What a personal access token may do can be said after its name, since "
        "Airtable does not: `default,sales=data.records:read schema.bases:read`.",
    )

    before_images: Literal["always", "cached", "never"] = Field(
        default="always",
        description="What a record was before a write, so that it can be undone. always: asked of Airtable, a call "
        "more for each update, replace, upsert or delete of up to ten records. cached: what our own last write left, "
        "where that is younger than before_images_age, else asked; what others changed since is then missing. never: "
        "such writes cannot be undone.",
    )
    before_images_age: float = Field(default=30, ge=0, le=86_400, description="For before_images=cached.")

    validation_timeout: float = Field(
        default=1.0,
        ge=0,
        le=10,
        description="How long schema-service may take to check the cells of a write under /api/v1; what it does not "
        "say in time is left to Airtable. 0: cells are not checked.",
    )

    max_body_bytes: int = Field(default=8 * MIB, description="Airtable takes files of 5 MB, as base64.")
    concurrency: int = Field(default=50, ge=1, le=500, description="Connections to Airtable.")
    attempt_timeout: float = Field(default=20, gt=0, le=300, description="Longest wait for one answer.")
    max_answer: int = Field(default=16 * 1024 * 1024, ge=1024, le=64 * 1024 * 1024, description="Bytes of one answer.")

    read_cache_ttl: float = Field(default=30, ge=0, le=3_600, description="How long a read is fresh; 0: no cache.")
    page_cache_ttl: float = Field(
        default=15, ge=0, le=120, description="The same for a first page with more behind it."
    )
    heard_cache_ttl: float = Field(
        default=600,
        ge=0,
        le=3_600,
        description="The same for a base of which webhook-service tells every change, as long as it does.",
    )
    stale_if_error: float = Field(default=300, ge=0, le=86_400, description="How long after that it may stand in.")
    near_cache: int = Field(default=32 * 1024 * 1024, ge=0, le=1024**3, description="Bytes of answers kept in memory.")

    @field_validator("airtable_url")
    @classmethod
    def _is_an_origin(cls, url: AnyHttpUrl) -> AnyHttpUrl:
        if url.query or url.fragment or url.username or url.password:
            raise ValueError("an address without user, query or fragment is needed, e.g. https://api.airtable.com")
        if (url.path or "/").rstrip("/").endswith("/v0"):
            raise ValueError("leave /v0 out")
        return url

    @field_validator("connections")
    @classmethod
    def _can_be_read(cls, text: str) -> str:
        declared(text)
        return text

    @property
    def scopes(self) -> dict[str, Scopes | None]:
        """Connection → the scopes that were said to be its token's."""
        return declared(self.connections)

    @property
    def upload_root(self) -> str:
        """Airtable takes files on a host of its own; whatever stands in for it, on the same."""
        host = self.airtable_url.host
        return "https://content.airtable.com" if host == "api.airtable.com" else self.airtable_root

    @property
    def airtable_root(self) -> str:
        """The address that `/v0/…` is appended to."""
        return str(self.airtable_url).rstrip("/")
