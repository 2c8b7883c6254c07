from pathlib import Path

import pytest

from apps.api_gateway.domain.route_file import RouteFileError, parse

ROOT = Path(__file__).parents[3]
GOOD = """\
- prefix: /v0
  app: airtable-connector
  methods: [GET, POST]
  timeout: 120
  style: airtable
- prefix: /hooks
  app: webhook-service
  methods: [POST]
  auth: none
  max_body: 16 MiB
  stream: true
"""


def test_the_platforms_own_table_is_valid():
    table = parse((ROOT / "config" / "routes.yaml").read_text("utf-8"))
    assert table.match("/v0/appX/Table").style == "airtable"


def test_what_is_left_out_has_the_documented_default():
    route = parse("- {prefix: /a, app: some-app, methods: [GET]}").match("/a")
    assert (route.timeout, route.max_body, route.style, route.auth) == (30, 1024 * 1024, "problem", "key")
    assert (route.stream, route.again) == (False, False)


def test_every_key_is_read():
    hooks = parse(GOOD).match("/hooks/1")
    assert (hooks.app, hooks.methods, hooks.auth) == ("webhook-service", {"POST"}, "none")
    assert (hooks.max_body, hooks.stream) == (16 * 1024 * 1024, True)


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("- prefix: /hooks", "- prefix: /v0", 6, "prefix /v0 is already routed on line 1"),
        ("timeout: 120", "timout: 120", 4, "unknown key 'timout'; did you mean 'timeout'?"),
        ("timeout: 120", "timeout: soon", 4, "timeout 'soon' is no number of seconds"),
        ("timeout: 120", "timeout: 0", 4, "not between 0 and 900 seconds"),
        ("timeout: 120", "timeout: -1", 4, "not between 0 and 900 seconds"),
        ("timeout: 120", "timeout: nan", 4, "not between 0 and 900 seconds"),
        ("timeout: 120", "timeout: 901", 4, "not between 0 and 900 seconds"),
        ("timeout: 120", "timeout: [1]", 4, "timeout must be a single value"),
        ("style: airtable", "style: html", 5, "style 'html' must be problem or airtable"),
        ("auth: none", "auth: maybe", 9, "auth 'maybe' must be key or none"),
        ("stream: true", "stream: yes", 11, "stream 'yes' must be false or true"),
        ("max_body: 16 MiB", "max_body: 17 MiB", 10, "a sidecar's limit"),
        ("max_body: 16 MiB", "max_body: 0 B", 10, "not between 1 B and 16 MiB"),
        ("max_body: 16 MiB", "max_body: 1024", 10, "must look like 512 KiB or 16 MiB"),
        ("app: webhook-service", "app: Webhook_Service", 7, "is no app-id"),
        ("app: webhook-service", "app: airtable-conector", 7, "did you mean 'airtable-connector'?"),
        ("prefix: /hooks", "prefix: hooks", 6, "must look like /v0"),
        ("prefix: /hooks", "prefix: /hooks/", 6, "without a final /"),
        ("prefix: /hooks", "prefix: /{x}", 6, "must look like /v0"),
        ("methods: [POST]", "methods: POST", 8, "methods must be a list"),
        ("methods: [POST]", "methods: []", 8, "methods must be a list"),
        ("methods: [POST]", "methods: [post]", 8, "unknown method 'post'"),
        ("methods: [POST]", "app: webhook-service", 8, "key 'app' is given twice"),
        ("  methods: [POST]\n", "", 6, "the route lacks methods"),
        ("methods: [POST]", "methods: [POST", 9, "not YAML"),
        ("- prefix: /hooks", "- /hooks\n- prefix: /hooks", 6, "a route must be a mapping"),
        ("timeout: 120", "\ttimeout: 120", 4, "not YAML"),
        ("style: airtable", "style: \x01", 1, "characters YAML does not allow"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(old, new, line, says):
    assert old in GOOD
    with pytest.raises(RouteFileError) as refused:
        parse(GOOD.replace(old, new), known_apps={"airtable-connector", "webhook-service"})
    assert (refused.value.line, says in str(refused.value)) == (line, True), str(refused.value)


@pytest.mark.parametrize("text", ["", "{}", "[]", "routes:", "just text"])
def test_a_file_that_is_no_list_of_routes_is_refused(text):
    with pytest.raises(RouteFileError, match="must be a list of routes"):
        parse(text)
