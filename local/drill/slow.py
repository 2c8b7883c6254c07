"""The story of a slow app: well, then slow deep in the chain, then what `why` says, then what it says to do, done.

schema-service, which airtable-connector asks about every cell, begins to hold its event loop for a moment with each
request, as a blocking call in a handler does. One process of it can then answer so many a second and no more.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from ..blast.ground import Ground, addresses, connect, prepare
from ..blast.journeys import Journey, call
from ..blast.load import Load, Walk
from ..errors import SetupError
from ..run_dir import RunDirectory
from . import next_step
from .injecting import Mesh
from .within import within

_SLOW = "schema-service"
_HOLDS = 0.1  # s a request holds the event loop
_USERS = 10
_SETTLES = 10.0  # s until the queue before a slow app is as long as it gets
_MEASURED = 20.0  # s
_KEPT = 20.0  # s until the spans of a request are kept


def slow(run: RunDirectory, minutes: float) -> int:
    """Tell it, with numbers; it goes well for `minutes` first. 0: `why` named the app, and doing what it said
    helped."""
    mesh = Mesh(run, addresses(run)["SANDBOX_ADMIN_URL"])
    mesh.until_ready()
    with connect(run) as client:
        ground = prepare(client)
        users = [Journey(f"try a write, {n}", 1, _try_a_write) for n in range(_USERS)]
        with Load(users, lambda: connect(run), ground) as load:
            print(f"{_USERS} users try out writes (POST …/records?dry_run=true), for {minutes:g} minutes:", flush=True)
            time.sleep(minutes * 60)
            _tell("well", load.walks, time.monotonic() - _MEASURED)
            with within(mesh, _SLOW, hold=_HOLDS):
                print(
                    f"{_SLOW} begins to hold its event loop for {_HOLDS * 1000:.0f} ms with each request:", flush=True
                )
                before = _measured("slow", load)
                verdict = _asked(client, ground)
                print("\n".join(f"    | {line}" for line in verdict["text"].splitlines()), flush=True)
                command = verdict["command"]
                print(f"$ {command}", flush=True)
                scaled = next_step.do(run, command)
                mesh.until_ready()
                print("\n".join(f"    | {line}" for line in (scaled or "it does not work").splitlines()), flush=True)
                after = _measured("after it", load)
                next_step.undo(run, command)
    named = verdict["service"] == _SLOW and "scale" in command
    print(f"p95 {before:.0f} → {after:.0f} ms; `why` named {verdict['service'] or 'nobody'}")
    return 0 if named and after < before else 1


def _try_a_write(client: httpx.Client, ground: Ground) -> None:
    new = {"records": [{"fields": {"Name": "Tried out"}}]}
    call(client, "POST", f"{ground.read}?dry_run=true", json=new)


def _measured(name: str, load: Load) -> float:
    time.sleep(_SETTLES + _MEASURED)
    return _tell(name, load.walks, time.monotonic() - _MEASURED)


def _tell(name: str, walks: Sequence[Walk], since: float) -> float:
    """p95 in ms of the walks that began after `since`."""
    took = [(walk.ended - walk.began) * 1000 for walk in walks if walk.began >= since and not walk.wrong]
    if len(took) < 20:
        wrong = next((walk.wrong for walk in reversed(walks) if walk.wrong), "they take too long")
        raise SetupError(f"hardly a request went well: {wrong}")
    p50, p95 = statistics.median(took), statistics.quantiles(took, n=20)[-1]
    print(f"  {name:9} {len(took):5} requests in {_MEASURED:.0f} s, p50 {p50:.0f} ms, p95 {p95:.0f} ms", flush=True)
    return p95


def _asked(client: httpx.Client, ground: Ground) -> dict[str, str]:
    """What `why` says of a request made now: `text`, `service` and `command`."""
    answer = client.post(f"{ground.read}?dry_run=true", json={"records": [{"fields": {"Name": "Why"}}]})
    path = f"/api/v1/why/{answer.headers['x-trace-id']}"
    found = _until(lambda: client.get(path).json(), lambda told: told.get("cause") == "slow")
    text = client.get(path, headers={"accept": "text/plain"}).text
    return {
        "text": text,
        "service": str(found.get("service") or ""),
        "command": str((found.get("remedy") or {}).get("command") or ""),
    }


def _until(ask: Callable[[], dict[str, Any]], right: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The first right answer, or the last one: spans are on their way for a while."""
    until = time.monotonic() + _KEPT
    while not right(told := ask()) and time.monotonic() < until:
        time.sleep(1)
    return told
