import pytest

from apps.api_gateway.domain.routing import Route, RouteTable


def a_route(prefix: str, app: str = "some-app") -> Route:
    return Route(prefix, app, frozenset({"GET"}), 30, 1024)


TABLE = RouteTable([a_route("/v0"), a_route("/api/v1"), a_route("/api/v1/files", "file-storage-service")])


@pytest.mark.parametrize(
    ("path", "prefix"),
    [
        ("/v0", "/v0"),
        ("/v0/", "/v0"),
        ("/v0/appX/T%2F1/", "/v0"),
        ("/api/v1/bases", "/api/v1"),
        ("/api/v1/files", "/api/v1/files"),
        ("/api/v1/files/a/b/c/d", "/api/v1/files"),
        ("/api/v1/filesystem", "/api/v1"),
    ],
)
def test_the_longest_prefix_of_whole_segments_wins(path, prefix):
    assert TABLE.match(path).prefix == prefix


@pytest.mark.parametrize("path", ["", "/", "/v00", "/V0/x", "/api", "/api/v2", "//v0/x", "/x/v0"])
def test_everything_else_is_not_routed(path):
    assert TABLE.match(path) is None


@pytest.mark.parametrize(
    ("path", "meant"),
    [("/vo/appX", "/v0"), ("/api/v2/bases", "/api/v1"), ("/api/v1x", "/api/v1"), ("/helth", "/health")],
)
def test_a_mistyped_path_gets_the_closest_prefix(path, meant):
    assert TABLE.suggest(path, ["/health"])[0] == meant


def test_a_path_like_nothing_gets_no_suggestion():
    assert TABLE.suggest("/wp-login.php") == ()


def test_each_app_is_named_once():
    assert TABLE.apps == ("some-app", "file-storage-service")
