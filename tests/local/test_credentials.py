"""Secrets are generated once, kept, private, and never the same for two apps."""

import json
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jwt
import pytest

from local.credentials import Credentials
from local.errors import SetupError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def stored(run_dir: Path) -> dict[str, str]:
    return json.loads((run_dir / "secrets.json").read_text())


def test_everything_in_the_run_directory_is_private(run_dir):
    Credentials.load_or_create(run_dir)

    assert mode(run_dir) == 0o700
    assert mode(run_dir / "secrets.json") == 0o600
    assert mode(run_dir / "launcher.key") == 0o600


def test_a_file_that_was_opened_to_others_is_closed_again(run_dir):
    Credentials.load_or_create(run_dir)
    (run_dir / "secrets.json").chmod(0o644)

    Credentials.load_or_create(run_dir)

    assert mode(run_dir / "secrets.json") == 0o600


def test_the_second_load_changes_nothing(run_dir):
    first = Credentials.load_or_create(run_dir)
    before = stored(run_dir)

    second = Credentials.load_or_create(run_dir)

    assert stored(run_dir) == before
    assert second.app_api_token("api-gateway") == first.app_api_token("api-gateway")


def test_existing_values_are_kept_and_missing_ones_added(run_dir):
    run_dir.mkdir(mode=0o700)
    (run_dir / "secrets.json").write_text('{"identity/development-key": "pya_mine", "of-somebody-else": "x"}')

    Credentials.load_or_create(run_dir)

    values = stored(run_dir)
    assert values["identity/development-key"] == "pya_mine"
    assert values["of-somebody-else"] == "x"
    assert values["identity/signing-key"].startswith("-----BEGIN PRIVATE KEY-----")


def test_programs_that_start_together_agree_on_one_set(run_dir):
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: Credentials.load_or_create(run_dir).development_key, range(8)))

    assert len(keys) == 1


def test_the_development_key_has_its_announced_shape(run_dir):
    key = Credentials.load_or_create(run_dir).development_key

    assert re.fullmatch(r"pya_[A-Za-z0-9_-]{40}", key)


def test_what_the_signing_key_signs_the_public_key_verifies(run_dir):
    Credentials.load_or_create(run_dir)
    values = stored(run_dir)

    token = jwt.encode({"sub": "developer"}, values["identity/signing-key"], algorithm="EdDSA")

    assert jwt.decode(token, values["identity/public-key"], algorithms=["EdDSA"]) == {"sub": "developer"}


def test_a_lost_public_key_is_made_again_from_the_private_one(run_dir):
    Credentials.load_or_create(run_dir)
    values = stored(run_dir)
    public = values.pop("identity/public-key")
    (run_dir / "secrets.json").write_text(json.dumps(values))

    Credentials.load_or_create(run_dir)

    assert stored(run_dir)["identity/public-key"] == public


def test_every_token_of_every_app_is_different(run_dir):
    credentials = Credentials.load_or_create(run_dir)

    tokens = [credentials.shared_app_api_token]
    for app_id in ("api-gateway", "airtable-connector"):
        tokens += [credentials.app_api_token(app_id), credentials.dapr_api_token(app_id)]
        tokens += [credentials.database_password(app_id)]

    assert len(set(tokens)) == len(tokens)


def test_two_run_directories_share_no_secret(tmp_path):
    one = Credentials.load_or_create(tmp_path / "one")
    other = Credentials.load_or_create(tmp_path / "other")

    assert one.app_api_token("api-gateway") != other.app_api_token("api-gateway")
    assert not one.secret_values() & other.secret_values()


def test_the_launchers_own_tokens_are_not_in_the_file_that_sidecars_read(run_dir):
    credentials = Credentials.load_or_create(run_dir)

    text = (run_dir / "secrets.json").read_text()

    assert credentials.app_api_token("api-gateway") not in text
    assert (run_dir / "launcher.key").read_text() not in text


def test_a_real_airtable_token_is_used_and_given_up_again(run_dir):
    credentials = Credentials.load_or_create(run_dir)
    credentials.set_airtable_token("patReal.0123")
    assert stored(run_dir)["airtable/local/default"] == "patReal.0123"

    credentials.set_airtable_token(None)

    assert stored(run_dir)["airtable/local/default"] == credentials.sandbox_airtable_token


def test_further_connections_have_their_own_tokens_and_none_is_logged(run_dir):
    credentials = Credentials.load_or_create(run_dir)
    credentials.set_airtable_connections({"sales": "patSales.0123"})
    assert stored(run_dir)["airtable/local/sales"] == "patSales.0123"
    assert "patSales.0123" in credentials.secret_values()


def test_secret_values_hold_all_that_must_not_be_logged_and_no_address(run_dir):
    credentials = Credentials.load_or_create(run_dir)
    credentials.set_redis("cache.example:6379", "of-the-cache")

    tokens = {credentials.app_api_token("api-gateway"), credentials.database_password("api-gateway")}

    values = credentials.secret_values()

    assert {"of-the-cache", credentials.development_key} | tokens <= values
    assert "cache.example:6379" not in values


@pytest.mark.parametrize("text", ["{", "[]", '{"identity/development-key": 5}'])
def test_a_damaged_file_is_named_with_the_remedy(run_dir, text):
    Credentials.load_or_create(run_dir)
    (run_dir / "secrets.json").write_text(text)

    with pytest.raises(SetupError, match=r"secrets\.json .* rm "):
        Credentials.load_or_create(run_dir)


def test_a_signing_key_of_another_kind_is_refused(run_dir):
    Credentials.load_or_create(run_dir)
    values = stored(run_dir)
    del values["identity/public-key"]
    values["identity/signing-key"] = "no key"
    (run_dir / "secrets.json").write_text(json.dumps(values))

    with pytest.raises(SetupError, match="not an Ed25519 key"):
        Credentials.load_or_create(run_dir)


def test_a_foreign_folder_that_others_can_read_is_not_taken_over(run_dir):
    run_dir.mkdir(mode=0o755)
    (run_dir / "letter.txt").write_text("hello")

    with pytest.raises(SetupError, match="cannot be the run directory"):
        Credentials.load_or_create(run_dir)

    assert mode(run_dir) == 0o755
