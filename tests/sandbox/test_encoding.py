"""Answers by gzip for who takes it, bodies by gzip from who sends it."""

import gzip
import json
import zlib

import pytest

from sandbox.airtable.encoding import LEAST
from sandbox.airtable.http import MAX_BODY_BYTES
from tests.sandbox.bodies import error

UNREADABLE = error("INVALID_REQUEST_BODY", "Could not parse request body")


def raw(client, path, accepted):
    """Status, headers and the bytes as they came over the wire."""
    with client.session.get(client.url + path, headers={"accept-encoding": accepted}, stream=True, timeout=10) as got:
        return got.headers, got.raw.read(decode_content=False)


@pytest.mark.parametrize("accepted", ["gzip", "gzip, deflate", "br;q=1.0, GZIP;q=0.5", "*", "x-gzip"])
def test_a_long_answer_comes_by_gzip_to_who_takes_it(client, accepted):
    path = client.path("CRM", "Companies") + "?maxRecords=50"
    _, plain = raw(client, path, "identity")
    headers, body = raw(client, path, accepted)
    assert (headers["content-encoding"], headers["vary"]) == ("gzip", "Accept-Encoding")
    assert headers["airtable-uncompressed-content-length"] == str(len(plain))
    assert int(headers["content-length"]) == len(body) < len(plain)
    assert gzip.decompress(body) == plain


@pytest.mark.parametrize("accepted", ["identity", "br", "gzip;q=0", "gzip; q=0.000, br", "", "gzipped"])
def test_nobody_gets_what_he_does_not_take(client, accepted):
    headers, body = raw(client, client.path("CRM", "Companies"), accepted)
    assert "content-encoding" not in headers
    assert "records" in json.loads(body)


def test_a_short_answer_stays_as_it_is(client):
    headers, body = raw(client, "/v0/meta/whoami", "gzip")
    assert len(body) < LEAST
    assert "content-encoding" not in headers


def send(client, body, coding="gzip"):
    return client.send("POST", client.path("CRM", "Companies"), data=body, headers={"content-encoding": coding})


@pytest.mark.parametrize("coding", ["gzip", "GZIP"])
def test_a_body_by_gzip_is_read(client, coding):
    answer = send(client, gzip.compress(json.dumps({"fields": {"Name": "Packed"}}).encode()), coding)
    assert answer.json()["fields"]["Name"] == "Packed"


def test_a_body_that_is_not_what_it_says_is_refused(client):
    whole = gzip.compress(b'{"fields": {}}')
    for body, coding in ((b"{}", "gzip"), (whole[:-9], "gzip"), (zlib.compress(b"{}"), "deflate")):
        answer = send(client, body, coding)
        assert (answer.status_code, answer.json()) == (422, UNREADABLE)


def test_a_small_body_that_unpacks_to_too_much_is_refused(client):
    answer = send(client, gzip.compress(b" " * (MAX_BODY_BYTES + 1)))
    assert (answer.status_code, answer.json()["error"]["type"]) == (413, "REQUEST_TOO_LARGE")
