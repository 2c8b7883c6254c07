"""The platform's OpenAPI document and what is made of it."""

import asyncio
import time
from typing import Any

import orjson

from apps.api_gateway.clients import RoutedApps
from apps.api_gateway.domain.pages import reference
from apps.api_gateway.domain.platform_document import PlatformDocument
from apps.api_gateway.service.problem_pages import ProblemPages
from apps.api_gateway.settings import Settings

INCOMPLETE_LIFETIME = 2.0  # seconds: an app that did not answer is probably just starting


class Documents:
    """One document of the whole platform, made anew after a while and kept as bytes."""

    def __init__(self, settings: Settings, apps: RoutedApps, problems: ProblemPages) -> None:
        self._table = settings.table
        self._lifetime = settings.document_lifetime
        self._apps = apps
        self._problems = problems
        self._making = asyncio.Lock()
        self._made: tuple[bytes, str] = (b"", "")
        self._good_until = float("-inf")

    async def openapi(self, own: dict[str, Any]) -> bytes:
        """The document as JSON. `own` describes the gateway's own routes; an app that is silent is in `x-missing`."""
        return (await self._current(own))[0]

    async def page(self, own: dict[str, Any]) -> str:
        """The same document for people, as HTML."""
        return (await self._current(own))[1]

    async def _current(self, own: dict[str, Any]) -> tuple[bytes, str]:
        async with self._making:
            if time.monotonic() >= self._good_until:
                document = await self._make(own)
                self._made = (orjson.dumps(document), reference.reference(document))
                lifetime = min(self._lifetime, INCOMPLETE_LIFETIME) if document["x-missing"] else self._lifetime
                self._good_until = time.monotonic() + lifetime
            return self._made

    async def _make(self, own: dict[str, Any]) -> dict[str, Any]:
        merged = PlatformDocument(self._table, self._problems)
        merged.add_own(own)
        names = self._table.apps
        documents = await asyncio.gather(*(self._apps.document(name) for name in names))
        for name, document in zip(names, documents, strict=True):
            if document is not None:
                merged.add(name, document)
        missing = [name for name, document in zip(names, documents, strict=True) if document is None]
        return merged.finish(version=own["info"]["version"], missing=missing)
