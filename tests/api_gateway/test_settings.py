"""A wrong configuration is refused before anything starts, in one line that names the setting and the line."""

import pytest

from apps.api_gateway.settings import Settings
from chassis import ConfigError


@pytest.fixture
def environment(monkeypatch, tmp_path):
    monkeypatch.setenv("API_GATEWAY_ROUTES_FILE", str(tmp_path / "routes.yaml"))
    monkeypatch.setenv("API_GATEWAY_APPS_FILE", str(tmp_path / "dapr.yaml"))
    return tmp_path


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("- prefix: /v0\n  methods: [GET]\n  app: x\n", "routes.yaml line 3: app 'x' is no app-id"),
        ("- prefix: /v0\n  app: some-app\n", "routes.yaml line 1: the route lacks methods"),
        ("- prefix: /v0\n  timout: 3\n", "routes.yaml line 2: unknown key 'timout'; did you mean 'timeout'?"),
        ("- [", "routes.yaml line 1: not YAML"),
        (b"\xff\xfe\x00", "routes.yaml is not UTF-8"),
        (None, "routes.yaml cannot be read: No such file"),
    ],
)
def test_a_wrong_route_table_is_refused_with_its_line(environment, content, says):
    if content is not None:
        (environment / "routes.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError) as refused:
        Settings.load()
    assert str(refused.value).startswith("config.invalid: API_GATEWAY_ROUTES_FILE: ")
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_route_to_an_app_that_is_not_in_dapr_yaml_is_refused(environment):
    (environment / "dapr.yaml").write_text("apps: [{appID: airtable-connector}]", "utf-8")
    (environment / "routes.yaml").write_text("- {prefix: /v0, methods: [GET], app: airtable-conector}", "utf-8")
    with pytest.raises(ConfigError, match="unknown app 'airtable-conector'; did you mean 'airtable-connector'"):
        Settings.load()


def test_the_launchers_record_is_in_the_run_directory(environment, monkeypatch):
    (environment / "routes.yaml").write_text("- {prefix: /v0, methods: [GET], app: some-app}", "utf-8")
    assert Settings.load().launcher_record is None
    monkeypatch.setenv("PLATFORM_RUN_DIR", str(environment))
    assert Settings.load().launcher_record == environment / "processes.json"


def test_origins_are_separated_by_commas(environment, monkeypatch):
    (environment / "routes.yaml").write_text("- {prefix: /v0, methods: [GET], app: some-app}", "utf-8")
    monkeypatch.setenv("API_GATEWAY_CORS_ORIGINS", "https://a.example, https://b.example")
    assert Settings.load().cors_origins == ("https://a.example", "https://b.example")
