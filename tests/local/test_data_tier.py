"""Servers of the person's own, named by a URL, take the place of ours."""

import asyncio

import asyncpg
import pytest

from local import data_tier
from local.credentials import Credentials
from local.errors import SetupError

from .servers import Tier, query


def test_own_servers_are_started_only_where_no_url_replaces_them(tier):
    def names(environment: dict[str, str]) -> list[str]:
        return [spec.name for spec in data_tier.specs(tier.run_dir, tier.offset, tier.credentials, environment)]

    assert names({}) == ["valkey", "postgres"]
    assert names({"REDIS_URL": "redis://x", "DATABASE_URL": ""}) == ["postgres"]
    assert names({"REDIS_URL": "redis://x", "DATABASE_URL": "postgresql://x"}) == []


def test_redis_url_replaces_the_own_server_until_it_is_taken_away(start, tier, shared, tmp_path):
    environment = {"DATABASE_URL": shared.administrator}
    tier.prepare(environment)
    start(tier.valkey)
    own = tier.credentials.redis_host, tier.credentials.redis_password
    client = Tier(tmp_path / "client", tier.offset + 1, Credentials.load_or_create(tmp_path / "client"))

    client.prepare(environment | {"REDIS_URL": f"redis://:{own[1]}@{own[0]}/0"})
    assert (client.credentials.redis_host, client.credentials.redis_password) == own
    assert not (client.run_dir / "valkey").exists()

    client.prepare(environment)
    assert client.credentials.redis_host == f"127.0.0.1:{data_tier.VALKEY_PORT + client.offset}"
    assert client.credentials.redis_password not in own


def test_a_refused_redis_password_is_said_without_showing_it(start, tier, shared):
    environment = {"DATABASE_URL": shared.administrator}
    tier.prepare(environment)
    start(tier.valkey)

    with pytest.raises(SetupError, match=r"REDIS_URL: 127\.0\.0\.1:\d+ refuses: WRONGPASS") as caught:
        tier.prepare(environment | {"REDIS_URL": f"redis://:not-this@{tier.credentials.redis_host}"})

    assert "not-this" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("redis://127.0.0.1:1", "127.0.0.1:1 does not answer"),
        ("redis://127.0.0.1:port", "the port is not a number"),
        ("rediss://cache.example", "without TLS"),
        ("redis://me:secret@cache.example", "remove user name"),
        ("redis://cache.example/3", "database 0"),
        ("http://cache.example", "write redis://"),
    ],
)
def test_a_redis_url_that_cannot_be_used_is_explained(tier, url, message):
    with pytest.raises(SetupError, match=message) as caught:
        tier.prepare({"REDIS_URL": url})

    assert "secret" not in str(caught.value)


def test_database_url_of_a_role_that_is_no_superuser_serves_the_apps_too(shared, tier):
    query(shared.administrator, "CREATE ROLE hosting LOGIN PASSWORD 'h0st' CREATEROLE CREATEDB")
    query(shared.administrator, "GRANT CONNECT ON DATABASE postgres TO hosting")
    environment = {
        "DATABASE_URL": shared.administrator.replace(
            f"postgres:{shared.credentials.postgres_password}@", "hosting:h0st@"
        )
    }
    apps = ["hosted-app", "hosted-neighbour"]

    for _ in range(2):
        asyncio.run(data_tier.prepare(tier.run_dir, tier.offset, tier.credentials, apps, environment))
        tier.after_start(environment, apps)

    url = tier.credentials.database_url("hosted-app")
    assert query(url, "SELECT current_user") == "hosted_app"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        query(url.rpartition("/")[0] + "/hosted_neighbour", "SELECT 1")
    assert not (tier.run_dir / "postgres").exists()


def test_database_url_without_the_right_to_create_is_refused_with_the_remedy(shared, tier):
    with pytest.raises(SetupError, match="ALTER ROLE api_gateway CREATEROLE CREATEDB"):
        tier.prepare({"DATABASE_URL": shared.credentials.database_url("api-gateway")})


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://me:secret@127.0.0.1:1/db", "does not answer"),
        ("mysql://me:secret@127.0.0.1/db", "write postgresql://"),
        ("postgresql://me:secret@127.0.0.1:port/db", "DATABASE_URL: "),
    ],
)
def test_a_database_url_that_cannot_be_used_is_explained(tier, url, message):
    with pytest.raises(SetupError, match=message) as caught:
        tier.prepare({"DATABASE_URL": url})

    assert "secret" not in str(caught.value)


def test_an_apps_own_database_url_is_used_and_nothing_is_made_for_it(shared, tier):
    own = shared.credentials.database_url("airtable-connector")
    environment = {"DATABASE_URL": shared.administrator, "API_GATEWAY_DATABASE_URL": own}

    asyncio.run(data_tier.prepare(tier.run_dir, tier.offset, tier.credentials, ["api-gateway"], environment))
    tier.after_start(environment, ["api-gateway"])

    assert tier.credentials.database_url("api-gateway") == own


def test_an_apps_own_database_url_is_checked_under_its_name(shared, tier):
    environment = {"DATABASE_URL": shared.administrator, "API_GATEWAY_DATABASE_URL": "postgresql://127.0.0.1:1/x"}

    with pytest.raises(SetupError, match="API_GATEWAY_DATABASE_URL: the server does not answer"):
        tier.prepare(environment)


def test_half_of_an_append_only_apps_pair_of_urls_is_refused(shared, tier):
    own = shared.credentials.database_url("airtable-connector")
    environment = {"DATABASE_URL": shared.administrator, "AUDIT_SERVICE_DATABASE_URL": own}

    with pytest.raises(SetupError, match="set both or neither"):
        asyncio.run(data_tier.prepare(tier.run_dir, tier.offset, tier.credentials, ["audit-service"], environment))
