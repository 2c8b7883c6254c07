"""`up` with the person's own Redis and PostgreSQL: no server is started, everything lands in theirs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.journey import find_place
from local import data_tier
from local.credentials import Credentials
from tests.local.servers import Running, Tier, free_offset, query
from tests.system.mesh import Mesh

BESIDE = 7_000


@pytest.fixture
def theirs(tmp_path: Path) -> Iterator[Tier]:
    """A Valkey and a PostgreSQL that the mesh under test did not start."""
    tmp_path.chmod(0o755)
    run_dir = tmp_path / "theirs"
    tier = Tier(run_dir, free_offset(), Credentials.load_or_create(run_dir))
    tier.prepare()
    servers = [Running(spec, tmp_path / f"{spec.name}.log").until_ready() for spec in (tier.valkey, tier.postgres)]
    yield tier
    for server in servers:
        server.stop()
    data_tier.remove(run_dir)


def test_servers_named_by_url_are_used_and_none_is_started(theirs: Tier, tmp_path: Path) -> None:
    password, host = theirs.credentials.redis_password, theirs.credentials.redis_host
    urls = {"REDIS_URL": f"redis://:{password}@{host}", "DATABASE_URL": theirs.administrator}
    mesh = Mesh(tmp_path / "run", BESIDE)
    try:
        mesh.up(env=urls)
        assert not {"valkey", "postgres"} & set(mesh.processes())
        place = find_place(mesh.client())
        new = {"records": [{"fields": {place.name_field: "Through their servers"}}]}
        assert mesh.client().send("POST", place.records, json=new)["complete"]

        journal = theirs.administrator.removesuffix("/postgres") + "/airtable_connector"
        assert query(journal, "SELECT count(*) FROM operations WHERE state = 'done'") == 1
        keys = {key.decode() for key in theirs.client().scan_iter()}
        assert any(key.startswith("airtable-connector||") for key in keys), "the connector's cache lies in their Redis"
    finally:
        mesh.close()
        mesh.local("down", check=False)
