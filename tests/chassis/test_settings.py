"""Settings are read from named variables and refused with the variable's name, never its value."""

import pytest
from pydantic import Field, field_validator

from chassis import AppSettings, ConfigError


class Settings(AppSettings, app_id="note-service"):
    page_size: int = Field(default=100, ge=1, le=100)
    url: str = "http://127.0.0.1"
    colors: list[str] = Field(default_factory=list)

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        if not url.startswith("http"):
            raise ValueError(f"{url} is no address")
        return url


class NeedsUrl(AppSettings, app_id="note-service"):
    address: str
    other: int


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in ("APP_ID", "APP_PORT", "TELEMETRY_PORT", "APP_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def refusal(settings) -> str:
    with pytest.raises(ConfigError) as raised:
        settings.load()
    return str(raised.value)


def test_own_fields_have_the_apps_prefix_and_the_platforms_have_none(environment):
    environment.setenv("NOTE_SERVICE_PAGE_SIZE", "20")
    environment.setenv("NOTE_SERVICE_COLORS", '["red"]')
    environment.setenv("APP_PORT", "8100")
    environment.setenv("APP_API_TOKEN", "canary-token")
    settings = Settings.load()
    assert (settings.app_id, settings.app_port, settings.telemetry_port) == ("note-service", 8100, 14000)
    assert (settings.page_size, settings.colors) == (20, ["red"])
    assert settings.app_api_token.get_secret_value() == "canary-token"
    assert "canary" not in repr(settings)


def test_an_empty_variable_is_as_good_as_none(environment):
    environment.setenv("NOTE_SERVICE_PAGE_SIZE", "")
    assert Settings.load().page_size == 100


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("NOTE_SERVICE_PAGE_SIZE", "many-canary", "config.invalid: NOTE_SERVICE_PAGE_SIZE: "),
        ("NOTE_SERVICE_PAGE_SIZE", "1000", "config.invalid: NOTE_SERVICE_PAGE_SIZE: "),
        ("NOTE_SERVICE_URL", "ftp://canary", "config.invalid: NOTE_SERVICE_URL: "),
        ("APP_PORT", "canary", "config.invalid: APP_PORT: "),
        ("APP_PORT", "70000", "config.invalid: APP_PORT: "),
        ("LOG_LEVEL", "canary", "config.invalid: LOG_LEVEL: "),
        ("APP_ID", "canary", "config.invalid: APP_ID: is not note-service"),
        ("NOTE_SERVICE_COLORS", "[canary", "config.invalid: NOTE_SERVICE_COLORS: "),
    ],
)
def test_a_wrong_value_is_refused_in_one_line_that_names_the_variable_and_hides_the_value(
    environment, variable, value, line
):
    environment.setenv(variable, value)
    refused = refusal(Settings)
    assert refused.startswith(line)
    assert "\n" not in refused
    assert "canary" not in refused


def test_a_missing_setting_is_named_and_so_are_the_others_that_are_wrong(environment):
    environment.setenv("APP_PORT", "x")
    refused = refusal(NeedsUrl)
    assert "is not set" in refused or "APP_PORT" in refused.split(":")[1]
    for variable in ("APP_PORT", "NOTE_SERVICE_ADDRESS", "NOTE_SERVICE_OTHER"):
        assert variable in refused


def test_a_variable_that_is_no_setting_is_taken_for_a_typing_error(environment):
    environment.setenv("NOTE_SERVICE_PAGESIZE", "canary")
    assert refusal(Settings) == (
        "config.invalid: NOTE_SERVICE_PAGESIZE: no such setting; did you mean NOTE_SERVICE_PAGE_SIZE?"
    )


def test_another_apps_variables_are_none_of_our_business(environment):
    environment.setenv("OTHER_SERVICE_PAGESIZE", "1")
    assert Settings.load().page_size == 100
