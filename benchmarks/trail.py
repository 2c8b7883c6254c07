"""`python -m benchmarks.trail`: what chaining and signing cost an append, and how fast a trail is verified.

Interleaved runs on a PostgreSQL of its own with fsync on: the same batches of entries are inserted into the same
tables, once as audit-service does it (the tenant's lock, the head, leaf and hash of each entry, a signed checkpoint
after every 20 batches), once with constant digests and without lock and checkpoint. Then the offline verifier's chain
and tree over entries in memory, on one core.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from apps.audit_service.domain import chain, merkle, notes
from apps.audit_service.domain.entries import Accepted, read, searched
from apps.audit_service.settings import Settings
from apps.audit_service.store import CheckpointStore, TrailStore
from benchmarks import result
from chassis import Database, Log, Secrets, service
from chassis._mesh import Mesh
from chassis._telemetry import Metrics
from chassis.testing import FakeDapr
from cli import verify_trail
from contracts.audit_service import Entry, canonical, entry_id
from tests.postgres import Postgres

BATCH, SIGNED_EACH = 200, 20


def entries(count: int, tenant: str = "local") -> list[Accepted]:
    found = []
    for _ in range(count):
        request = uuid4().hex
        entry = Entry.model_validate({
            "id": entry_id(request, "record.update", "1"), "tenant": tenant,
            "occurred_at": "2026-11-25T16:00:00.000000Z",
            "action": "record.update", "outcome": "succeeded", "actor": {"type": "user", "id": "developer"},
            "service": "airtable-connector", "targets": [{"type": "record", "id": f"rec{request[:14]}"}],
            "request_id": request, "trace_id": uuid4().hex, "metadata": {"fields": 3},
            "context": {"method": "PATCH", "route": "/api/v1/bases/{base}/tables/{table}/records/{record}"},
        })  # fmt: skip
        accepted = read(canonical(entry), "airtable-connector")
        assert isinstance(accepted, Accepted)
        found.append(accepted)
    return found


class Appender:
    """Both ways of appending, on one database."""

    def __init__(self, db: Database, signer: notes.Signer) -> None:
        self._db, self._signer = db, signer
        self._trail, self._checkpoints = TrailStore(), CheckpointStore()
        self._trees = {"chained": merkle.Peaks(), "plain": merkle.Peaks()}

    async def append(self, tenant: str, batch: list[Accepted]) -> None:
        tree = self._trees[tenant]
        async with self._db.change(service("audit-service", tenant)) as change:
            rows = [{**searched(line.entry), "entry": line.line, "schema_version": None, "flaws": []} for line in batch]
            if tenant == "plain":
                links, first = [(bytes(32), bytes(32))] * len(batch), tree.size
                tree.size += len(batch)
            else:
                await self._trail.lock(change, tenant)
                head = await self._trail.head(change, tenant)
                links, first = chain.chained(head.hash, [line.line for line in batch]), head.index + 1
            await self._trail.known(change, tenant, [line.entry.id for line in batch])
            await self._trail.append(change, tenant, first, rows, links)

    async def sign(self) -> None:
        """As the job does: read the new leaves, grow the tree, sign, insert."""
        tree, tenant = self._trees["chained"], "chained"
        async with self._db.change(service("audit-service", tenant)) as change:
            head = await self._trail.head(change, tenant)
            nodes = []
            for leaf in await self._trail.leaves(change, tenant, tree.size, head.index + 1):
                nodes += tree.add(leaf)
            note = self._signer.sign(notes.Checkpoint(tenant, tree.size, tree.root(), head.hash, "now"))
            await self._checkpoints.add(change, tenant, tree, note, nodes)


async def appends(batches: int, folder: Path) -> dict[str, float]:
    server = await asyncio.to_thread(Postgres, folder, durable=True)
    try:
        async with FakeDapr() as dapr:
            url, owner_url = await server.new_append_only_database("audit-service")
            dapr.secrets |= {"database-url/audit-service": url, "database-owner-url/audit-service": owner_url}
            settings = Settings(**dapr.settings())
            mesh = Mesh(settings)
            db = Database(settings, Secrets(mesh), Log("audit-service", "error"), Metrics(settings.app_id))
            await db.start()
            pem = Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            seconds = await timed(Appender(db, notes.Signer(pem.decode())), batches)
            await db.stop()
            await mesh.aclose()
    finally:
        await asyncio.to_thread(server.close)
    return {way: batches * BATCH / sum(each) for way, each in seconds.items()}


async def timed(appender: Appender, batches: int) -> dict[str, list[float]]:
    """Seconds of each batch, the two ways in turns."""
    seconds: dict[str, list[float]] = {"chained": [], "plain": []}
    for number in range(batches):
        batch = entries(BATCH)
        for way in ("chained", "plain") if number % 2 else ("plain", "chained"):
            began = time.perf_counter()
            await appender.append(way, batch)
            if way == "chained" and number % SIGNED_EACH == SIGNED_EACH - 1:
                await appender.sign()
            seconds[way].append(time.perf_counter() - began)
    return seconds


def verified(count: int) -> tuple[float, float]:
    """Entries a second of CPU through the chain alone, and through chain and tree; the median of five runs."""
    line, previous, lines = entries(1)[0].line, bytes(32), []
    for _ in range(count):
        previous = sha256(previous + sha256(b"\0" + line).digest()).digest()
        lines.append(b"%b %b\n" % (previous.hex().encode(), line))
    chains, both = [], []
    for _ in range(5):
        began = time.process_time()
        leaves, _ = verify_trail.chain(lines, bytes(32), 0, [])
        chains.append(time.process_time() - began)
        verify_trail.Tree().add(leaves)
        both.append(time.process_time() - began)
    return count / statistics.median(chains), count / statistics.median(both)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", type=int, default=200)
    parser.add_argument("--entries", type=int, default=200_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        Path(folder).chmod(0o755)
        rates = asyncio.run(appends(asked.batches, Path(folder)))
    chained_only, with_tree = verified(asked.entries)
    result.save(
        "trail",
        {
            "chained and signed / plain": rates["chained"] / rates["plain"],
            "chained and signed, entries/s": rates["chained"],
            "plain, entries/s": rates["plain"],
            "verified, chain, entries per CPU second": chained_only,
            "verified, chain and tree, entries per CPU second": with_tree,
        },
        batches=asked.batches,
        batch=BATCH,
        signed_each=SIGNED_EACH,
    )


if __name__ == "__main__":
    main()
