from apps.api_gateway.domain.cors import Cors

PAGE = b"https://app.example"


def test_every_origin_may_read_answers_when_the_list_is_a_star():
    assert dict(Cors(["*"]).answer(PAGE))[b"access-control-allow-origin"] == b"*"


def test_a_listed_origin_is_named_and_caches_are_told():
    answer = dict(Cors([PAGE.decode()]).answer(PAGE))
    assert (answer[b"access-control-allow-origin"], answer[b"vary"]) == (PAGE, b"origin")


def test_an_unlisted_origin_is_not_let_in():
    assert dict(Cors(["https://other.example"]).preflight(PAGE)) == {b"vary": b"origin"}


def test_a_request_without_origin_gets_nothing():
    assert Cors(["*"]).answer(None) == []


def test_a_preflight_names_airtables_methods_and_headers():
    answer = dict(Cors(["*"]).preflight(PAGE))
    methods = set(answer[b"access-control-allow-methods"].decode().split(", "))
    allowed = set(answer[b"access-control-allow-headers"].decode().split(", "))
    assert methods >= {"DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"}
    assert allowed >= {
        "authorization",
        "content-length",
        "content-type",
        "user-agent",
        "x-airtable-application-id",
        "x-airtable-user-agent",
        "x-api-version",
        "x-requested-with",
    }


def test_cookies_are_never_allowed():
    names = {name for name, _ in [*Cors(["*"]).preflight(PAGE), *Cors([PAGE.decode()]).answer(PAGE)]}
    assert b"access-control-allow-credentials" not in names
