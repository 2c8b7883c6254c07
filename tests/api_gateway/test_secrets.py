"""Canaries: what must never leave the gateway is put in, and looked for in everything that comes out."""

import pytest

from chassis.testing import AppClient
from tests.api_gateway.conftest import KEY

CONNECTOR = "airtable-connector"
CANARIES = ("pya_the-developers-key", "sidecar-token", "app-token", "PRIVATE KEY", "pya_somebody-elses", "eyJ")


@pytest.mark.parametrize("fault", ["dead", "denied", "lost", "unknown", None])
async def test_no_secret_is_in_an_answer_or_in_the_log(client, peers, capfd, fault):
    peer = peers[CONNECTOR]
    peer.fails(fault) if fault else peer.answers(500, json={"errorCode": "X", "message": "boom"})
    answers = [
        await client.get("/api/v1/bases"),
        await client.post("/v0/appX/T", body=b"{}"),
        await client.get("/v0/appX/T", headers={"authorization": "Bearer pya_somebody-elses"}),
        await client.get("/v0/appX/T?key=pya_somebody-elses"),
        await client.get("/api/v1/why/last"),
        await client.get("/api/v1/why/last", headers={"accept": "text/plain"}),
        await client.get("/openapi.json"),
        await client.get("/health"),
    ]
    out, err = capfd.readouterr()
    said = [out, err, *(f"{answer.headers}{answer.body.decode()}" for answer in answers)]
    assert not [(canary, text[:300]) for canary in CANARIES for text in said if canary in text]


async def test_a_signing_key_that_is_none_is_named_and_not_shown(app, dapr, capfd):
    dapr.secrets["identity/signing-key"] = "sk-not-a-pem"
    async with AppClient(app, {"authorization": f"Bearer {KEY}"}).running() as client:
        answer = await client.get("/api/v1/bases")
        assert answer.problem == ("secrets.missing", 503, "api-gateway")
        assert (await client.get("/readyz")).status == 503
    assert "identity/signing-key" in answer.json()["detail"]
    assert "sk-not-a-pem" not in answer.body.decode() + "".join(capfd.readouterr())
