"""With `--state` no answered write is lost by kill -9. `SANDBOX_KILLS=1000 pytest --timeout 0` is the long run."""

import os
import random
import re
import signal
import subprocess
import sys
import threading
import time

import pytest
import requests

from sandbox.airtable.bases import builtin
from sandbox.airtable.embedded import TOKEN
from sandbox.airtable.state import Sandbox
from sandbox.airtable.state_file import InvalidStateFile, StateFile

KILLS = int(os.environ.get("SANDBOX_KILLS", "5"))
#: A file grows with every write, and each start reads it all.
KILLS_OF_A_FILE = 20
WRITERS = 8
SEED = """
bases:
- id: appAAAAAAAAAAAAAA
  name: Shop
  tables:
  - name: T
    fields: [{name: A, type: singleLineText}, {name: N, type: autoNumber}, {name: M, type: lastModifiedTime}]
"""
HEADERS = {"authorization": f"Bearer {TOKEN}"}


def start(folder):
    command = ["--port", "0", "--admin-port", "0", "--limits", "off", "--seed", folder / "seed.yaml"]
    command += ["--public-url", "http://files.example"]  # the same at every start, unlike the port
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox.airtable", *map(str, command), "--state", str(folder / "state")],
        stdout=subprocess.PIPE,
        text=True,
    )
    api, admin = re.findall(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
    return process, api, admin


def write(api, number, answered, gone):
    """Creates, changes and deletes until the server is gone; `answered` and `gone` are what it said."""
    url = f"{api}/v0/appAAAAAAAAAAAAAA/T"
    try:
        with requests.Session() as session:
            session.headers.update(HEADERS)
            for turn in range(10_000):
                made = session.post(url, json={"fields": {"A": f"{number}/{turn}"}}, timeout=10).json()
                answered[made["id"]] = made["fields"]
                if turn % 3 == 1:
                    answered.pop(made["id"])  # in doubt until it is answered
                    changed = session.patch(f"{url}/{made['id']}", json={"fields": {"A": "changed"}}, timeout=10).json()
                    answered[made["id"]] = changed["fields"]
                if turn % 3 == 2:
                    answered.pop(made["id"])
                    session.delete(f"{url}/{made['id']}", timeout=10).json()
                    gone.add(made["id"])
    except requests.RequestException:
        return


def everything(api):
    found, offset = {}, None
    while True:
        page = requests.get(
            f"{api}/v0/appAAAAAAAAAAAAAA/T", params={"offset": offset}, headers=HEADERS, timeout=30
        ).json()
        found |= {record["id"]: record["fields"] for record in page["records"]}
        offset = page.get("offset")
        if offset is None:
            return found


def test_every_answered_write_of_eight_writers_is_there_after_kill_9(tmp_path):
    moments = random.Random(9)
    for first in range(0, KILLS, KILLS_OF_A_FILE):
        folder = tmp_path / str(first)
        folder.mkdir()
        (folder / "seed.yaml").write_text(SEED)
        lose_nothing(folder, [moments.uniform(0.02, 0.4) for _ in range(min(KILLS_OF_A_FILE, KILLS - first))])


def lose_nothing(folder, moments):
    answered, gone = {}, set()
    for moment in moments:
        process, api, _ = start(folder)
        writers = [threading.Thread(target=write, args=(api, each, answered, gone)) for each in range(WRITERS)]
        for writer in writers:
            writer.start()
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        for writer in writers:
            writer.join()
    process, api, _ = start(folder)
    try:
        found = everything(api)
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
    assert answered
    assert {record_id: found.get(record_id) for record_id in answered} == answered
    assert not gone & set(found)
    assert len({cells["N"] for cells in found.values()}) == len(found)


def test_every_kind_of_write_is_the_same_after_a_restart(tmp_path):
    (tmp_path / "seed.yaml").write_text(SEED)
    base = "/v0/appAAAAAAAAAAAAAA"
    process, api, admin = start(tmp_path)

    def send(method, path, body):
        answer = requests.request(method, path, json=body, headers=HEADERS, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def seen(api):
        schema = requests.get(f"{api}/v0/meta/bases/appAAAAAAAAAAAAAA/tables", headers=HEADERS, timeout=10).json()
        comments = requests.get(f"{api}{base}/T/{record}/comments", headers=HEADERS, timeout=10).json()
        hooks = requests.get(f"{api}/v0/bases/appAAAAAAAAAAAAAA/webhooks", headers=HEADERS, timeout=10).json()
        hook = hooks["webhooks"][0]["id"]
        told = f"{api}/v0/bases/appAAAAAAAAAAAAAA/webhooks/{hook}/payloads"
        return everything(api), schema, comments, requests.get(told, headers=HEADERS, timeout=10).json()

    tables = f"{api}/v0/meta/bases/appAAAAAAAAAAAAAA/tables"
    specification = {"options": {"filters": {"dataTypes": ["tableData", "tableFields"]}}}
    send("POST", f"{api}/v0/bases/appAAAAAAAAAAAAAA/webhooks", {"specification": specification})
    record = send("POST", f"{api}{base}/T", {"fields": {"A": "x"}})["id"]
    requests.post(f"{api}{base}/T", json={"fields": {"No": "x"}}, headers=HEADERS, timeout=10)
    send("POST", f"{tables}/T/fields", {"name": "F", "type": "multipleAttachments"})
    upload = {"contentType": "text/plain", "file": "eHk=", "filename": "a.txt"}
    send("POST", f"{api}{base}/{record}/F/uploadAttachment", upload)
    send("POST", f"{api}{base}/T/{record}/comments", {"text": "hello"})
    send("POST", f"{admin}/edits", {"base": "appAAAAAAAAAAAAAA", "table": "T", "create": [{"A": "outside"}]})
    send("POST", f"{admin}/snapshots", {"name": "s"})
    send("DELETE", f"{api}{base}/T/{record}", None)
    send("POST", f"{admin}/restore", {"name": "s"})
    send("POST", f"{api}{base}/T", {"fields": {"A": "last"}})
    before = seen(api)
    process.kill()
    process.wait()
    process.stdout.close()
    process, after_api, _ = start(tmp_path)
    try:
        after = seen(after_api)
        file = next(cells["F"][0] for cells in after[0].values() if "F" in cells)
        assert requests.get(file["url"].replace("http://files.example", after_api), timeout=10).content == b"xy"
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
    assert after == before


def test_a_torn_last_line_is_cut_off_and_any_other_is_refused(tmp_path):
    path = tmp_path / "state"
    Sandbox(builtin(), state_file=StateFile(path))
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"plane": "api", "dra')
    assert len(StateFile(path).lines) == 1
    assert path.read_bytes() == whole
    path.write_bytes(whole + b"nonsense\n")
    with pytest.raises(InvalidStateFile, match="line 2"):
        StateFile(path)
    assert path.stat().st_mode & 0o077 == 0
