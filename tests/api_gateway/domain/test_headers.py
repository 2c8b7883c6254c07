from apps.api_gateway.domain import headers


def test_credentials_and_internal_headers_end_at_the_door():
    hostile = [
        (b"authorization", b"Bearer x"),
        (b"x-api-key", b"x"),
        (b"cookie", b"session=1"),
        (b"dapr-app-id", b"auth-service"),
        (b"dapr-api-token", b"x"),
        (b"dapr-caller-app-id", b"api-gateway"),
        (b"x-timeout-ms", b"999999"),
        (b"x-forwarded-for", b"127.0.0.1"),
        (b"x-platform-code", b"x"),
        (b"grpc-timeout", b"1S"),
        (b"traceparent", b"x"),
        (b"host", b"evil"),
    ]
    assert headers.forwarded(hostile) == {}


def test_hop_by_hop_headers_and_those_named_by_connection_stay():
    given = [(b"connection", b"close, X-Secret"), (b"x-secret", b"1"), (b"te", b"trailers"), (b"accept", b"*/*")]
    assert headers.forwarded(given) == {"accept": "*/*"}


def test_a_clients_own_headers_pass():
    given = [(b"content-type", b"application/json"), (b"x-airtable-user-agent", b"js"), (b"if-none-match", b'"1"')]
    assert headers.forwarded(given) == {
        "content-type": "application/json",
        "x-airtable-user-agent": "js",
        "if-none-match": '"1"',
    }


def test_a_header_given_twice_is_joined():
    assert headers.forwarded([(b"accept", b"a"), (b"accept", b"b")]) == {"accept": "a, b"}


def test_bytes_that_are_not_utf8_become_text_that_is():
    assert headers.forwarded([(b"x-name", b"\xff\xe9")])["x-name"].encode() == "ÿé".encode()


def test_an_answer_loses_what_is_not_the_clients():
    answer = [
        (b"Content-Type", b"text/plain"),
        (b"Date", b"x"),
        (b"Server", b"uvicorn"),
        (b"Transfer-Encoding", b"chunked"),
        (b"dapr-x", b"1"),
        (b"Access-Control-Allow-Origin", b"*"),
        (b"ETag", b'"1"'),
    ]
    assert list(headers.returned(answer)) == [(b"content-type", b"text/plain"), (b"etag", b'"1"')]


def test_the_size_is_that_on_the_wire():
    assert headers.size([(b"a", b"bc")]) == len(b"a: bc\r\n")
