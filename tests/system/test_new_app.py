"""What `make new` makes, untouched, in a mesh of its own: a route, its event out and in, a call in its own name."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from redis import Redis

from local.credentials import Credentials
from tests.house.rules.source import tracked
from tests.local.servers import query
from tests.system.mesh import ROOT, Mesh, eventually

NEW, PORT, CONNECTOR = "trial-service", 8078, "airtable-connector"  # who makes an app takes another name and port
BESIDE = ("rate-limiter-service", "audit-service", "event-processor", "analytics-service")
EVENTS = "/api/v1/events"


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    """A copy of the repository with one app more, running: the gateway, the connector, the new one and those beside."""
    folder = tmp_path_factory.mktemp("grown")
    project = folder / "project"
    for file in tracked(ROOT):
        (project / file.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, project / file.relative_to(ROOT))
    (project / ".venv").symlink_to(ROOT / ".venv")
    made = [sys.executable, "-m", "scaffold", "new", NEW, "--port", str(PORT)]
    subprocess.run(made, cwd=project, env=os.environ, check=True, stdout=subprocess.DEVNULL)
    mesh = Mesh(folder / "run", 12_000, project)
    apps = ["api-gateway", CONNECTOR, NEW]
    apps += [app for app in BESIDE if f"appID: {app}" in (ROOT / "dapr.yaml").read_text()]
    mesh.up("--apps", ",".join(apps))
    yield mesh
    mesh.close()
    mesh.down()


def client(mesh: Mesh) -> httpx.Client:
    address = mesh.address
    return httpx.Client(base_url=address.url, headers={"authorization": f"Bearer {address.key}"}, timeout=20)


def test_a_new_app_answers_tells_its_event_hears_it_and_calls_another_app_for_it(grown: Mesh) -> None:
    with client(grown) as platform:
        base = platform.get("/api/v1/bases").json()["items"][0]["id"]
        answer = platform.post("/api/v1/trial", json={"base": base})
        assert (answer.status_code, answer.json()["base"]) == (201, base)
        look = f"/api/v1/trial/{base}"
        eventually(lambda: platform.get(look).json()["measured_at"], within=30, what="the event led to a measure")
        assert platform.get(look).json()["tables"] > 1
        assert platform.get("/api/v1/trial/appXXXXXXXXXXXXXX").json()["code"] == "trial.unknown-base"
    password = Credentials.load_or_create(grown.run_dir).valkey_password
    with Redis("127.0.0.1", grown.port(16379), password=password) as broker:
        ((_, fields),) = broker.xrange("trial-service.base-remembered")
    assert answer.headers["x-trace-id"].encode() in fields[b"data"]


HOLD = (
    "CREATE FUNCTION held() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(2); RETURN NULL; END $$",
    "CREATE CONSTRAINT TRIGGER held AFTER INSERT ON bases DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
    "EXECUTE FUNCTION held()",
)
RELEASE = "DROP FUNCTION held() CASCADE"


def test_an_app_killed_between_its_commit_and_its_answer_gives_that_answer_to_who_asks_again(grown: Mesh) -> None:
    """The change is in the database only. A trigger holds the commit, and PostgreSQL ends it after the app's death."""
    database = Credentials.load_or_create(grown.run_dir).database_url(NEW)
    assert database
    key = {"idempotency-key": "killed-at-its-commit"}
    with client(grown) as platform, ThreadPoolExecutor() as beside:
        wanted = platform.get("/api/v1/bases").json()["items"][2]["id"]  # nobody has remembered this one
        counted = f"SELECT count(*) FROM bases WHERE base = '{wanted}'"
        for statement in HOLD:
            query(database, statement)
        asked = beside.submit(platform.post, "/api/v1/trial", json={"base": wanted}, headers=key)
        commits = "SELECT count(*) FROM pg_stat_activity WHERE query ILIKE 'commit%' AND wait_event = 'PgSleep'"
        eventually(lambda: query(database, commits), within=10, what="the commit is under way")
        assert query(database, counted) == 0
        grown.signal(NEW, signal.SIGKILL)
        lost = asked.result()
        assert (lost.status_code, lost.json()["code"]) == (502, "peer.answer-lost")
        eventually(lambda: query(database, counted) == 1, within=10, what="the change was committed")
        query(database, RELEASE)

        def again() -> httpx.Response:
            return platform.post("/api/v1/trial", json={"base": wanted}, headers=key)

        eventually(lambda: again().status_code == 201, within=30, what="the app is back")
        first, second = again(), again()
    assert (first.headers["idempotency-replayed"], first.json()["base"]) == ("true", wanted)
    assert (second.status_code, second.content) == (201, first.content)
    assert query(database, counted) == 1
    assert query(database, f"SELECT count(*) FROM outbox WHERE subject = '{wanted}'") == 1


def test_an_app_is_itself_to_those_it_calls_and_nobody_else(grown: Mesh) -> None:
    """Asked of the connector through the new app's own sidecar, as a handler of its events does."""
    credentials = Credentials.load_or_create(grown.run_dir)
    mine, others = (credentials.service_key(app) for app in (NEW, "api-gateway"))
    stranger = Ed25519PrivateKey.generate()
    believed = {
        "mine": _asked(grown, credentials, mine, NEW),
        "of nobody known": _asked(grown, credentials, stranger, NEW),
        "mine, said to be the gateway's": _asked(grown, credentials, mine, "api-gateway"),
        "the gateway's, in my hands": _asked(grown, credentials, others, "api-gateway"),
    }
    refused = (401, "identity.invalid-token")
    assert believed == {who: (200, "") if who == "mine" else refused for who in believed}


def _asked(mesh: Mesh, credentials: Credentials, key: object, app_id: str) -> tuple[int, str]:
    claims = {
        "iss": f"service:{app_id}", "sub": app_id, "aud": "platform", "tenant": "local", "iat": 1, "exp": 2**33,
    }  # fmt: skip
    headers = {
        "dapr-app-id": CONNECTOR,
        "dapr-api-token": credentials.dapr_api_token(NEW),
        "authorization": f"Bearer {jwt.encode(claims, key, algorithm='EdDSA')}",  # type: ignore[arg-type]
        "x-timeout-ms": "5000",
    }
    answer = httpx.get(f"http://127.0.0.1:{mesh.port(PORT + 5500)}/api/v1/bases", headers=headers)
    return answer.status_code, answer.json().get("code", "")


def test_what_an_app_gave_up_is_brought_to_it_again_and_so_is_the_past_without_being_done_twice(grown: Mesh) -> None:
    """The app's handler calls the connector, which is frozen until the event lies among the dead letters."""
    with client(grown) as platform:
        # Not the first of the bases: what is known of that one would answer without Airtable.
        base = platform.get("/api/v1/bases").json()["items"][1]["id"]
        frozen = grown.processes()[CONNECTOR]["pid"]
        os.kill(frozen, signal.SIGSTOP)
        letters = {"consumer": NEW, "state": "open"}
        try:
            noted = platform.post("/api/v1/trial", json={"base": base})
            assert noted.status_code == 201, noted.text
            eventually(lambda: _items(platform, letters), within=120, what="the event is a dead letter")
        finally:
            os.kill(frozen, signal.SIGCONT)
        (letter,) = _items(platform, letters)
        assert (letter["type"], letter["consumer"]) == ("trial-service.base-remembered.v1", NEW)
        state = f"{EVENTS}/dead-letters/{letter['id']}"
        eventually(lambda: platform.get(state).json()["reasons"], within=30, what="the app told why it gave it up")
        assert platform.get(state).json()["reasons"][0]["handler"] == "measure_base"
        told = platform.get(f"/api/v1/why/{noted.headers['x-trace-id']}").json()
        assert (told["failed"], told["service"]) == (True, NEW), told
        assert told["summary"].startswith(f"It was answered 201, but afterwards {NEW} failed in "), told
        assert told["remedy"]["command"] == f"pyat events dead-letters list --consumer {NEW}"
        look = f"/api/v1/trial/{base}"

        def brought() -> bool:  # by hand, unless it was quicker by itself
            platform.post(f"{state}/replay")
            return bool(platform.get(look).json()["measured_at"])

        eventually(brought, within=60, what="the letter's event led to a measure")
        measured = platform.get(look).json()
        eventually(lambda: platform.get(state).json()["state"] == "replayed", within=30, what="the letter is closed")

        again = {"consumer": NEW, "events": {"category": NEW, "type": [letter["type"]]}}
        dry = platform.post(f"{EVENTS}/replays", json={**again, "dry_run": True}).json()
        done = platform.post(f"{EVENTS}/replays", json=again).json()
        assert dry["done"] == done["done"] >= 1
        assert (done["again"], done["refused"], done["skipped"]) == (0, 0, 0)
        assert platform.get(look).json() == measured, "its inbox knows what it has handled"

        deaf = platform.post(f"{EVENTS}/replays", json={**again, "consumer": "api-gateway"})
        assert (deaf.status_code, deaf.json()["code"]) == (422, "events.not-subscribed")
        assert "api-gateway subscribes to nothing" in deaf.json()["detail"]


def _items(platform: httpx.Client, letters: dict[str, str]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = platform.get(f"{EVENTS}/dead-letters", params=letters).json()["items"]
    return items
