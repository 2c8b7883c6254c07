"""Stands in for webhook-service until there is one: tells on the bus what Airtable's webhook of a base says.

As that will, it makes the webhook, is pinged, reads the payloads through the platform, and publishes an event for each;
and one without a change while nothing happens. It puts them into the bus' stream itself: only a sidecar of
webhook-service may publish for it, and without the app there is none.
"""

import asyncio
import contextlib
import json
import time
from datetime import datetime
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import aiohttp
import redis.asyncio
from aiohttp import web

from chassis._events import envelope
from chassis._principal import Principal
from contracts.webhook_service import BaseChanged, ChangedTable
from demo.client import Address

RESTS = 0.5  # s between two questions for payloads: each is one of the five calls a second
SILENCE = 5.0  # s without a ping after which it says that it still listens
AGAIN_WITHIN = 60.0  # s; on a busy machine a question takes its time
EVERYTHING = {"options": {"filters": {"dataTypes": ["tableData", "tableFields", "tableMetadata"]}}}
ITSELF = Principal("webhook-service", "local", ())


class Telling:
    """While its block lasts, every change of the base is told."""

    def __init__(self, address: Address, run_dir: Path, base: str) -> None:
        secrets = json.loads((run_dir / "secrets.json").read_text())
        host, _, port = secrets["redis-host"].partition(":")
        self._bus = redis.asyncio.Redis(host=host, port=int(port), password=secrets["redis-password"])
        self._address, self._base = address, base
        self._pinged = asyncio.Event()
        self._told = 0

    async def __aenter__(self) -> Self:
        self._runner = web.ServerRunner(web.Server(self._hear))
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        headers = {"authorization": f"Bearer {self._address.key}"}
        self._http = aiohttp.ClientSession(self._address.url, headers=headers)
        new = {"specification": EVERYTHING, "notification_url": url}
        self._webhook = (await self._ask("POST", "", json=new))["id"]
        await self._tell(BaseChanged(base=self._base, again_within=AGAIN_WITHIN))
        self._task = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._http.close()
        await self._runner.cleanup()
        await self._bus.aclose()

    async def _hear(self, _: web.BaseRequest) -> web.StreamResponse:
        self._pinged.set()
        return web.Response(status=204)

    async def _listen(self) -> None:
        cursor = 1
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._pinged.wait(), SILENCE)
            self._pinged.clear()
            began, page = time.monotonic(), {"might_have_more": True, "payloads": []}
            while page["might_have_more"]:
                page = await self._ask("GET", f"/{self._webhook}/payloads", params={"cursor": cursor})
                cursor = page["cursor"]
                for payload in page["payloads"]:
                    await self._tell(event_of(self._base, payload))
            if not page["payloads"]:
                await self._tell(BaseChanged(base=self._base, again_within=AGAIN_WITHIN))
            await asyncio.sleep(max(0.0, began + RESTS - time.monotonic()))

    async def _ask(self, method: str, path: str, **request: Any) -> Any:
        async with self._http.request(method, f"/api/v1/bases/{self._base}/webhooks{path}", **request) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def _tell(self, event: BaseChanged) -> None:
        self._told += 1
        data = event.model_dump_json().encode()
        told = envelope(event, data, id=uuid4(), who=ITSELF, context=None, subject_sequence=self._told)
        await self._bus.xadd(BaseChanged.TOPIC, {"data": told})


def event_of(base: str, payload: dict[str, Any]) -> BaseChanged:
    """What one payload of Airtable's tells."""
    tables, schema_changed = [], bool({"createdTablesById", "destroyedTableIds"} & payload.keys())
    for table, changed in payload.get("changedTablesById", {}).items():
        records = {one: new["cellValuesByFieldId"] for one, new in changed.get("createdRecordsById", {}).items()}
        for one, new in changed.get("changedRecordsById", {}).items():
            records[one] = new["current"]["cellValuesByFieldId"]
        tables.append(ChangedTable(table=table, records=records, deleted=changed.get("destroyedRecordIds", [])))
        fields = {"createdFieldsById", "changedFieldsById", "destroyedFieldIds", "changedMetadata"}
        schema_changed = schema_changed or bool(fields & changed.keys())
    return BaseChanged(
        base=base,
        changed_at=datetime.fromisoformat(payload["timestamp"]),
        tables=tables,
        schema_changed=schema_changed,
        again_within=AGAIN_WITHIN,
    )
