"""The real Valkey of the wheel."""

import stat

import pytest
import redis

from local import data_tier
from local.credentials import Credentials

from .servers import Tier, command_lines


def test_valkey_answers_only_those_who_know_the_password(start, tier):
    tier.prepare()
    start(tier.valkey)

    with tier.client() as friend:
        assert friend.ping()
    stranger = redis.Redis("127.0.0.1", data_tier.VALKEY_PORT + tier.offset, retry=None)
    with stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


def test_what_valkey_acknowledged_survives_kill_9(start, tier):
    tier.prepare()
    running = start(tier.valkey)
    with tier.client() as client:
        client.set("kept", "yes")
    running.kill()

    start(tier.valkey)

    with tier.client() as client:
        assert client.get("kept") == b"yes"


def test_valkey_evicts_only_what_has_a_time_to_live(start, tier):
    tier.prepare()
    start(tier.valkey)

    with tier.client() as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "volatile-lru"}
        assert client.config_get("maxmemory") == {"maxmemory": str(256 * 1024**2)}


def test_valkeys_password_lies_in_a_private_file_and_on_no_command_line(start, tier):
    tier.prepare()
    running = start(tier.valkey)

    assert stat.S_IMODE((tier.run_dir / "valkey" / "valkey.conf").stat().st_mode) == 0o600
    assert stat.S_IMODE((tier.run_dir / "valkey").stat().st_mode) == 0o700
    assert tier.credentials.redis_password not in command_lines([running.process.pid])
    assert tier.credentials.redis_password not in str(dict(running.spec.environment))


def test_a_run_directory_with_spaces_and_quotes_in_its_name_works(start, tmp_path, offset):
    run_dir = tmp_path / 'a "run" of mine'
    tier = Tier(run_dir, offset, Credentials.load_or_create(run_dir))
    tier.prepare()
    start(tier.valkey)
    start(tier.postgres)

    data_tier.remove(run_dir)


async def test_valkey_is_not_ready_before_it_runs_nor_with_another_password(tier):
    assert not await tier.valkey.ready()
