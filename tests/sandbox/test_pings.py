"""The pings of webhooks: what they say, how they are signed, tried again and given up."""

import base64

import orjson
import pytest

from sandbox.airtable.webhooks.pings import mac
from tests.sandbox.hook import Hook, create
from tests.sandbox.receiver import receiving


@pytest.fixture
def contacts(client):
    return client.path("CRM", "Contacts")


def test_a_ping_is_signed_and_says_where_to_look(client, contacts):
    with receiving() as receiver:
        hook = Hook(client, receiver.url)
        create(client, contacts, Name="A")
        headers, body = receiver.next()
        shape = hook.until(lambda shape: shape["lastNotificationResult"])
    sent = orjson.loads(body)
    assert (sent["base"]["id"], sent["webhook"]["id"]) == (client.base("CRM").id, hook.made["id"])
    assert headers["x-airtable-content-mac"] == mac(base64.b64decode(hook.made["macSecretBase64"]), body)
    assert shape["lastNotificationResult"]["success"] is True
    assert shape["lastSuccessfulNotificationTime"] is not None


def test_the_signature_is_the_documented_one():
    body = b'{"base": {"id": "app00000000000000"}, "webhook": {"id": "ach00000000000000"}, '
    body += b'"timestamp": "2022-02-01T21:25:05.663Z"}'
    assert mac(b"k" * 32, body) == "hmac-sha256=f2fbb9d3e62fdfbdec0b78bab43aecb999261fa7ec34275bf90954441d6dca6d"


def test_a_ping_that_fails_is_sent_again_later(client, contacts):
    client.sandbox.clock.freeze(1_767_225_600)
    with receiving(503) as receiver:
        hook = Hook(client, receiver.url)
        create(client, contacts, Name="A")
        receiver.next()
        result = hook.until(lambda shape: shape["lastNotificationResult"])["lastNotificationResult"]
        assert (result["success"], result["retryNumber"], result["willBeRetried"]) == (False, 0, True)
        assert result["error"] == {"message": "The HTTP request returned a 503 status code instead of 200 or 204"}
        client.sandbox.clock.advance(10)
        receiver.next()
        hook.until(lambda shape: shape["lastNotificationResult"]["success"])


def test_a_receiver_that_never_answers_well_is_given_up_but_payloads_go_on(client, contacts):
    client.sandbox.clock.freeze(1_767_225_600)
    with receiving(*[500] * 14) as receiver:
        hook = Hook(client, receiver.url)
        create(client, contacts, Name="A")
        for retry in range(14):
            receiver.next()
            hook.until(lambda shape, retry=retry: (shape["lastNotificationResult"] or {}).get("retryNumber") == retry)
            client.sandbox.clock.advance(10 * 2**retry)
        shape = hook.until(lambda shape: not shape["areNotificationsEnabled"])
        assert shape["lastNotificationResult"]["willBeRetried"] is False
        create(client, contacts, Name="B")
        assert len(hook.payloads()["payloads"]) == 2
        assert client.send("POST", f"{hook.own}/enableNotifications", json={"enable": True}).status_code == 200
        create(client, contacts, Name="C")
        receiver.next()


def test_nobody_listening_is_a_failure_that_is_named(client, contacts):
    hook = Hook(client, "http://127.0.0.1:9/hook")
    create(client, contacts, Name="A")
    result = hook.until(lambda shape: shape["lastNotificationResult"])["lastNotificationResult"]
    assert result["error"] == {"message": "The HTTP request failed: ConnectionRefusedError"}
