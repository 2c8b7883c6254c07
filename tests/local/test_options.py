"""What a person chooses is checked before anything starts, and the environment decides which Airtable it is."""

from pathlib import Path

import pytest

from local.errors import SetupError
from local.options import Options, choose


def chosen(tmp_path: Path, **more: object) -> Options:
    return choose(tmp_path, 10_000, **{"environment": {}, **more})  # type: ignore[arg-type]


def connector(options: Options, setting: str) -> str:
    return options.settings[f"AIRTABLE_CONNECTOR_{setting}"]


def test_without_a_token_the_connector_talks_to_the_sandbox_and_may_write(tmp_path: Path) -> None:
    options = chosen(tmp_path)
    assert not options.real_airtable
    assert connector(options, "AIRTABLE_URL") == "http://127.0.0.1:18100"
    assert connector(options, "ALLOW_WRITES") == "true"


def test_with_a_real_token_the_platform_is_read_only_until_writes_are_allowed(tmp_path: Path) -> None:
    environment = {"AIRTABLE_TOKEN": "pat.real"}
    options = chosen(tmp_path, environment=environment)
    assert options.real_airtable
    assert connector(options, "AIRTABLE_URL") == "https://api.airtable.com"
    assert connector(options, "ALLOW_WRITES") == "false"
    assert connector(chosen(tmp_path, environment=environment, allow_writes=True), "ALLOW_WRITES") == "true"


def test_further_tokens_are_connections_that_the_connector_is_told_of(tmp_path: Path) -> None:
    environment = {"AIRTABLE_TOKEN": "pat.real", "AIRTABLE_TOKEN_SALES_EU": "pat.sales", "AIRTABLE_TOKEN_NONE": ""}
    options = chosen(tmp_path, environment=environment)
    assert options.connections == ("default", "sales-eu")
    assert connector(options, "CONNECTIONS") == "default,sales-eu"
    scopes = {**environment, "AIRTABLE_CONNECTOR_CONNECTIONS": "default,sales-eu=data.records:read"}
    assert connector(chosen(tmp_path, environment=scopes), "CONNECTIONS") == "default,sales-eu=data.records:read"
    assert connector(chosen(tmp_path), "CONNECTIONS") == "default"


def test_a_further_token_needs_the_first(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="set that too"):
        chosen(tmp_path, environment={"AIRTABLE_TOKEN_SALES": "pat.sales"})


def test_the_shells_allow_writes_does_not_replace_the_option(tmp_path: Path) -> None:
    environment = {"AIRTABLE_TOKEN": "pat.real", "AIRTABLE_CONNECTOR_ALLOW_WRITES": "true"}
    assert connector(chosen(tmp_path, environment=environment), "ALLOW_WRITES") == "false"


def test_a_setting_of_an_app_can_be_given_and_outranks_the_shell(tmp_path: Path) -> None:
    environment = {"AIRTABLE_CONNECTOR_READ_CACHE_TTL": "1"}
    options = chosen(tmp_path, environment=environment, assignments=["AIRTABLE_CONNECTOR_READ_CACHE_TTL=soon=er"])
    assert connector(options, "READ_CACHE_TTL") == "soon=er"


def test_a_setting_cannot_sneak_writes_past_the_option(tmp_path: Path) -> None:
    sneaking = ["AIRTABLE_CONNECTOR_ALLOW_WRITES=true"]
    with pytest.raises(SetupError, match="--allow-writes"):
        chosen(tmp_path, environment={"AIRTABLE_TOKEN": "pat.real"}, assignments=sneaking)
    assert connector(chosen(tmp_path, assignments=["AIRTABLE_CONNECTOR_ALLOW_WRITES=false"]), "ALLOW_WRITES") == "false"


def test_another_setting_makes_another_run(tmp_path: Path) -> None:
    usual, changed = chosen(tmp_path), chosen(tmp_path, assignments=["AIRTABLE_CONNECTOR_X=1"])
    assert usual.fingerprint == chosen(tmp_path, environment={"HOME": "/elsewhere"}).fingerprint
    assert usual.fingerprint != changed.fingerprint


@pytest.mark.parametrize("assignment", ["NOTE_URL=x", "AIRTABLE_CONNECTOR_X", "=x"])
def test_a_setting_that_nobody_reads_is_refused(tmp_path: Path, assignment: str) -> None:
    with pytest.raises(SetupError, match="--set"):
        chosen(tmp_path, assignments=[assignment])


def test_the_fingerprint_of_a_run_holds_no_secret(tmp_path: Path) -> None:
    options = chosen(tmp_path, environment={"AIRTABLE_TOKEN": "pat.real"})
    assert "pat.real" not in repr(options.fingerprint) + repr(options.environment.keys())
    assert "pat.real" not in repr(options)


def test_the_official_cli_fits_only_the_usual_place(tmp_path: Path) -> None:
    assert not chosen(tmp_path).usual_place
    assert choose(Path(".run"), 0, environment={}).usual_place
