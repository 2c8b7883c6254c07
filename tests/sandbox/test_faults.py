"""Faults on demand, as a client sees them."""

import time

import pytest
import requests

from sandbox.airtable.faults import Faults

ERROR = {"error": {"type": "RETRIABLE_ERROR", "message": "safe to retry"}}


@pytest.fixture
def path(client):
    return client.path("CRM", "Companies")


def count(client):
    return len(client.table("CRM", "Companies").records)


def test_a_status_with_body_and_headers_is_answered_instead_of_the_route(client, admin, path):
    before = count(client)
    fault = {"kind": "status", "status": 503, "body": ERROR, "headers": {"Retry-After": "1"}, "method": "post"}
    admin.send("POST", "/faults", json=fault)
    answer = client.send("POST", path, json={"fields": {}})
    assert (answer.status_code, answer.json(), answer.headers["retry-after"]) == (503, ERROR, "1")
    assert client.send("GET", path).status_code == 200
    assert count(client) == before


def test_a_fault_hits_as_often_as_it_says_and_only_where_its_path_is_found(client, admin, path):
    admin.send(
        "POST", "/faults", json={"kind": "status", "status": 502, "body": "<html>", "count": 2, "path": "/meta/"}
    )
    assert client.send("GET", path).status_code == 200
    answers = [client.send("GET", "/v0/meta/whoami") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [502, 502, 200]
    assert (answers[0].text, answers[0].headers["content-type"]) == ("<html>", "text/html; charset=utf-8")
    (shown,) = admin.get("/faults")["faults"]
    assert (shown["hits"], shown["count"], shown["path"]) == (2, 0, "/meta/")


def test_a_probability_hits_the_same_requests_after_each_reset(client, admin):
    def statuses():
        admin.send("DELETE", "/faults")
        admin.send("POST", "/faults", json={"kind": "status", "probability": 0.5})
        return [client.send("GET", "/v0/meta/whoami").status_code for _ in range(20)]

    first = statuses()
    assert set(first) == {200, 503}
    assert statuses() == first


def test_dropped_before_the_write_nothing_happened(client, admin, path):
    before = count(client)
    admin.send("POST", "/faults", json={"kind": "drop-before", "count": 1})
    with pytest.raises(requests.ConnectionError):
        client.send("POST", path, json={"fields": {}})
    assert count(client) == before


def test_dropped_after_the_write_it_happened(client, admin, path):
    before = count(client)
    admin.send("POST", "/faults", json={"kind": "drop-after", "count": 1})
    with pytest.raises(requests.ConnectionError):
        client.send("POST", path, json={"fields": {}})
    assert count(client) == before + 1
    assert admin.get("/requests")["byStatus"] == {"dropped": 1}
    assert admin.get("/requests")["requests"][0]["fault"] == "drop-after"


def test_a_truncated_answer_ends_before_its_announced_length(client, admin, path):
    admin.send("POST", "/faults", json={"kind": "truncate", "bytes": 10, "count": 1})
    with client.session.get(client.url + path, stream=True, timeout=10) as answer:
        assert int(answer.headers["content-length"]) > 10
        assert answer.raw.read(10) == b'{"records"'
        with pytest.raises(Exception, match="IncompleteRead"):
            answer.raw.read(10)


def test_a_wrong_body_comes_with_the_right_status_and_after_the_write(client, admin, path):
    before = count(client)
    admin.send("POST", "/faults", json={"kind": "wrong-body", "body": {"rows": []}, "count": 1})
    answer = client.send("POST", path, json={"fields": {}})
    assert (answer.status_code, answer.json()) == (200, {"rows": []})
    assert count(client) == before + 1


def test_a_delay_comes_before_the_answer_and_combines_with_other_faults(client, admin):
    admin.send("POST", "/faults", json={"kind": "delay", "seconds": 0.05})
    admin.send("POST", "/faults", json={"kind": "status", "status": 500})
    started = time.perf_counter()
    assert client.send("GET", "/v0/meta/whoami").status_code == 500
    assert time.perf_counter() - started >= 0.05


def test_a_delay_is_drawn_from_a_range_and_the_same_after_every_reset():
    faults = Faults()

    def drawn():
        faults.clear()
        faults.add({"kind": "delay", "seconds": 0.15, "at_most": 0.6})
        faults.add({"kind": "status"})
        return [faults.delay(faults.hit("GET", "/v0/x")) for _ in range(50)]

    first = drawn()
    assert 0.15 <= min(first) < 0.25
    assert 0.5 < max(first) <= 0.6
    assert drawn() == first


def test_a_fault_can_be_removed_by_its_id(client, admin):
    fault_id = admin.send("POST", "/faults", json={"kind": "status"}).json()["id"]
    assert admin.send("DELETE", f"/faults/{fault_id}").json() == {"faults": []}
    assert client.send("GET", "/v0/meta/whoami").status_code == 200


def test_faults_come_after_token_and_limits(client, admin, path):
    client.sandbox.clock.freeze()
    admin.send("POST", "/faults", json={"kind": "status"})
    admin.send("POST", "/limits", json={"mode": "exact", "basePerSecond": 1})
    assert client.send("GET", path, headers={"authorization": None}).status_code == 401
    assert [client.send("GET", path).status_code for _ in range(2)] == [503, 429]


def test_an_iterator_expires_in_the_middle_of_paging_and_the_client_begins_again(client, admin, path):
    offset = client.get(path, pageSize=10)["offset"]
    admin.send("POST", "/faults", json={"kind": "iterator-expiry", "count": 1, "method": "GET", "path": "/Companies"})
    path_by_name = f"/v0/{client.base('CRM').id}/Companies"
    for _ in range(2):  # the fault hits once, what it ended stays ended
        answer = client.send("GET", path_by_name, params={"pageSize": 10, "offset": offset})
        assert answer.status_code == 422
        assert answer.json() == {"error": {"type": "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"}}
    again = client.get(path, pageSize=10)["offset"]
    assert len(client.get(path, pageSize=10, offset=again)["records"]) == 10


def test_a_503_without_a_body_has_airtables(client, admin):
    admin.send("POST", "/faults", json={"kind": "status"})
    assert client.send("GET", "/v0/meta/whoami").json()["error"]["type"] == "RETRIABLE_ERROR"
    admin.send("DELETE", "/faults")
    admin.send("POST", "/faults", json={"kind": "status", "status": 502})
    assert client.send("GET", "/v0/meta/whoami").content == b""
