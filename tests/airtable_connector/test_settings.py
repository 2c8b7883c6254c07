"""A connector that is set wrong does not start, and says which setting it is."""

import pytest

from apps.airtable_connector.settings import Settings
from chassis import ConfigError


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AIRTABLE_URL", "not an address"),
        ("AIRTABLE_URL", "ftp://api.airtable.com"),
        ("AIRTABLE_URL", "https://user:secret@api.airtable.com"),
        ("AIRTABLE_URL", "https://api.airtable.com/v0"),
        ("AIRTABLE_URL", "https://api.airtable.com?x=1"),
        ("ALLOW_WRITES", "perhaps"),
        ("REQUESTS_PER_SECOND", "0"),
        ("READ_CACHE_TTL", "-1"),
        ("CONCURRENCY", "100000"),
        ("CONNECTIONS", "../other"),
        ("CONNECTIONS", "default,default"),
        ("CONNECTIONS", "default=everything"),
    ],
)
def test_a_wrong_value_is_refused_with_the_variables_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"AIRTABLE_CONNECTOR_{name}", value)
    with pytest.raises(ConfigError, match=f"^config.invalid: AIRTABLE_CONNECTOR_{name}: "):
        Settings.load()


def test_writes_are_off_until_somebody_says_otherwise() -> None:
    settings = Settings()
    assert not settings.allow_writes
    assert settings.airtable_root == "https://api.airtable.com"


def test_an_address_may_have_a_path_and_a_slash_at_its_end() -> None:
    settings = Settings(airtable_url="http://127.0.0.1:8100/airtable/")  # type: ignore[arg-type]
    assert settings.airtable_root == "http://127.0.0.1:8100/airtable"
