"""Airtable's limit holds whatever dies: two connectors, one killed, and the limiter started anew."""

import signal
import threading
import time

from demo import headline
from tests.system.mesh import Mesh, eventually


def test_no_second_holds_more_than_the_limit_while_a_connector_and_the_limiter_are_killed(mesh: Mesh) -> None:
    mesh.local("scale", "airtable-connector=2")
    try:
        eventually(
            lambda: mesh.processes()["airtable-connector@1"]["state"] == "ready", within=20, what="a second connector"
        )
        address, client = mesh.address, mesh.client()
        base, table, name = headline.place(client, "CRM")
        before = headline.seen(address, 0)["last"]
        outcomes: list[headline.Outcome] = []
        program = headline.through_platform(address)
        writers = threading.Thread(
            target=lambda: outcomes.append(headline.write_all(program, base, table, name, each=1))
        )
        writers.start()
        time.sleep(2)
        mesh.signal("airtable-connector@1", signal.SIGKILL)
        time.sleep(2)
        mesh.signal("rate-limiter-service", signal.SIGKILL)
        writers.join(timeout=120)
        arrivals = [one["arrived"] for one in headline.seen(address, before)["requests"] if one["base"] == base]
        statuses = {one["status"] for one in headline.seen(address, before)["requests"]}
    finally:
        mesh.local("scale", "airtable-connector=1")
    assert headline.most_in_a_second(arrivals) <= headline.LIMIT
    assert 429 not in statuses
    # What was on its way through the killed connector, about half, failed there and says so; everybody else finishes.
    outcome = outcomes[0]
    assert all("airtable-connector" in reason for reason in outcome.reasons), outcome.reasons
    assert outcome.finished >= headline.THREADS / 5, outcome.reasons
