"""GET /health asks every routed app through the mesh."""

import time

APPS = ("airtable-connector", "file-storage-service", "webhook-service")
NO_KEY = {"authorization": None}


async def test_the_platform_is_ok_when_every_app_is_ready(client, peers):
    for app in APPS:
        peers[app].answers(json={"ready": True})
    answer = await client.get("/health", headers=NO_KEY)
    assert (answer.status, answer.json()["status"]) == (200, "ok")
    services = answer.json()["services"]
    assert [(each["name"], each["status"]) for each in services] == [(app, "ready") for app in APPS]
    assert all(each["response_time"] > 0 for each in services)
    assert peers["webhook-service"].requests[0].path == "/readyz"


async def test_the_platform_is_degraded_when_one_is_not_and_says_which(client, peers):
    peers[APPS[0]].answers(json={"lines": 7, "breakers": {"b-service": "open"}})
    peers[APPS[1]].answers(503, json={"ready": False})
    peers[APPS[2]].fails("dead")
    answer = await client.get("/health")
    assert (answer.status, answer.json()["status"]) == (200, "degraded")
    told = {each["name"]: each["status"] for each in answer.json()["services"]}
    assert told == {APPS[0]: "ready", APPS[1]: "not ready (503)", APPS[2]: "peer.unavailable"}
    assert [(each["lines"], each["breakers"]) for each in answer.json()["services"]] == [
        (7, {"b-service": "open"}),
        (None, {}),
        (None, {}),
    ]


async def test_frozen_apps_cost_one_patience_together(client, peers, monkeypatch):
    monkeypatch.setattr("apps.api_gateway.service.health.PATIENCE", 0.1)
    for app in APPS:
        peers[app].fails("frozen")
    began = time.monotonic()
    answer = await client.get("/health")
    assert time.monotonic() - began < 0.3
    assert {each["status"] for each in answer.json()["services"]} == {"peer.timeout"}


async def test_alive_and_ready_need_no_key(client):
    assert (await client.get("/healthz", headers=NO_KEY)).status == 200
    assert (await client.get("/readyz", headers=NO_KEY)).json()["ready"] is True


async def test_the_gateway_is_not_ready_without_its_secrets_and_says_so(client, dapr):
    del dapr.secrets["identity/development-key"]
    answer = await client.get("/readyz")
    assert answer.status == 503
    assert "identity/development-key" in str(answer.json()["waits_for"])
