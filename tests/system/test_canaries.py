"""Secrets that clients send to the wrong place are in no log, span, error, event or audit entry."""

import secrets
import time
from typing import Any

from demo.client import Client
from demo.journey import Place
from tests.system.canaries import leaks, secrets_of
from tests.system.mesh import Mesh, eventually, fault

FRESH = {"cache-control": "no-store"}


def _canaries() -> dict[str, str]:
    """A new one of each kind, so that what an earlier run left behind is not found."""
    word = secrets.token_hex(16)
    kinds = {
        "airtable-token": "pat" + "Canary00000000." + word * 2,
        "platform-key": "pya_" + word,
        "model-key": "sk-ant-" + word,
        "jwt": "eyJhbGciOiJFZERTQSJ9." + "eyJ" + word + "." + word,
        "database-address": "canary:" + word,
    }
    return {f"{place} {kind}": value.replace(word, f"{n:02d}{word[2:]}")
            for n, (place, (kind, value)) in enumerate((p, k) for p in PLACES for k in kinds.items())}  # fmt: skip


PLACES = ("path", "query", "header", "body")


def _send(client: Client, place: Place, where: str, secret: str) -> list[Any]:
    """A request that is right but for the secret in it, and one that is wrong."""
    records = place.records
    if where == "path":
        return [client.ask("GET", f"{records}/{secret}"), client.ask("GET", f"/api/v1/bases/{secret}/tables")]
    if where == "query":
        return [
            client.ask("GET", records, params={"page_size": "1", "filter": f"{{{secret}}} = 1"}, headers=FRESH),
            client.ask("GET", records, params={"token": secret, "page_size": secret}),
        ]
    if where == "header":
        return [
            client.ask("GET", "/api/v1/bases", headers={"authorization": f"Bearer {secret}"}),
            client.ask("GET", f"{records}?page_size=1", headers={"x-api-key": secret, "cookie": f"session={secret}"}),
        ]
    return [
        client.ask("POST", records, json={"records": [{"fields": {place.name_field: secret}}]}),
        client.ask("POST", records, json={"records": [{"fields": {secret: secret}}], "password": secret}),
    ]


def test_twenty_secrets_in_the_wrong_places_come_to_light_nowhere(mesh: Mesh, place: Place) -> None:
    canaries = _canaries()
    assert len(canaries) == 20
    client, answers, traces = mesh.client(), [], []
    for name, secret in canaries.items():
        address = f"postgresql://{secret}@db.example/x" if "database" in name else secret
        answers += _send(client, place, name.split()[0], address)
    with fault(mesh, kind="status", status=500, body=f"failed with {canaries['body airtable-token']}"):
        answers.append(client.ask("GET", f"{place.records}?page_size=1", headers=FRESH))
    traces = [answer.trace for answer in answers if answer.status >= 400]
    assert len(traces) >= 10, [answer.status for answer in answers]
    _until_told(mesh, traces[-1])

    assert leaks(mesh.run_dir, canaries) == []
    for answer in answers:
        if answer.status >= 400:
            said = str(answer.body)
            assert [name for name, secret in canaries.items() if secret in said] == [], said
        why = client.ask("GET", f"/api/v1/why/{answer.trace}")
        assert [name for name, secret in canaries.items() if secret in str(why.body)] == [], why.body


def test_a_secret_that_does_come_to_light_is_found(mesh: Mesh) -> None:
    name, secret = next(iter(secrets_of(mesh.run_dir).items()))
    log = mesh.run_dir / "logs" / f"planted-{time.time_ns()}.log"
    log.write_text(f"connected with {secret}\n")
    try:
        assert leaks(mesh.run_dir, {}) == [f"{name} in logs/{log.name}"]
    finally:
        log.unlink()


def _until_told(mesh: Mesh, trace: str) -> None:
    """The last failure is in the traces that are kept, so what came before it was written too."""
    client = mesh.client()

    def kept() -> bool:
        answer = client.ask("GET", f"/api/v1/traces/{trace}")
        return answer.status == 200 and answer.body["kept"] is not None

    eventually(kept, within=60, what=f"the trace {trace} is kept")
