"""With `--state` no answered write is lost by kill -9. `SANDBOX_KILLS=1000 pytest --timeout 0` is the long run.

Between the kills a file is rewritten many times over, because here that happens after some dozens of writes.
"""

import errno
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time

import orjson
import pytest
import requests

from sandbox.airtable import metadata, routes, state_file
from sandbox.airtable.bases import builtin
from sandbox.airtable.embedded import TOKEN
from sandbox.airtable.grants import Grant
from sandbox.airtable.http import Request
from sandbox.airtable.rendering import Rendering
from sandbox.airtable.seed import OWNER, read_seed
from sandbox.airtable.state import Sandbox
from sandbox.airtable.state_file import InvalidStateFile, StateFile

KILLS = int(os.environ.get("SANDBOX_KILLS", "5"))
#: What is kept grows with every kill, and each start reads it all.
KILLS_OF_A_FILE = 20
COMPACT_AFTER = 20_000
PROGRAM = f"""
import sys
from sandbox.airtable import __main__, state_file
state_file.COMPACT_AFTER = {COMPACT_AFTER}
sys.exit(__main__.main())
"""
WRITERS = 8
SEED = """
bases:
- id: appAAAAAAAAAAAAAA
  name: Shop
  tables:
  - name: T
    fields:
    - {name: A, type: singleLineText}
    - {name: N, type: autoNumber}
    - {name: M, type: lastModifiedTime}
    - {name: O, type: lastModifiedTime, options: {fields: [A]}}
"""
HEADERS = {"authorization": f"Bearer {TOKEN}"}


def start(folder):
    command = ["--port", "0", "--admin-port", "0", "--limits", "off", "--seed", folder / "seed.yaml"]
    command += ["--public-url", "http://files.example"]  # the same at every start, unlike the port
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *map(str, command), "--state", str(folder / "state")],
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
    state = StateFile(path)
    Sandbox(builtin(), state_file=state)
    state.close()
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"plane": "api", "dra')
    state = StateFile(path)
    assert len(state.lines) == 1
    assert path.read_bytes() == whole
    state.close()
    for content in (b"nonsense\n", b"[]\n", b"1\n"):
        path.write_bytes(whole + content)
        with pytest.raises(InvalidStateFile, match="line 2"):
            StateFile(path)
    assert path.stat().st_mode & 0o077 == 0


TOKEN_OF_OWNER = Grant(OWNER["id"])


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(state_file, "COMPACT_AFTER", 2000)


def opened(path):
    state = StateFile(path)
    return Sandbox(read_seed(SEED.encode(), "seed"), state_file=state), state


def send(sandbox, method, path, content):
    request = Request(method, path, path.strip("/").split("/"), [], {}, orjson.dumps(content), TOKEN_OF_OWNER)
    with sandbox.keeping(request, "api"):
        return orjson.loads(orjson.dumps(routes.answer(request, sandbox)))


def cells(sandbox):
    table = sandbox.bases["appAAAAAAAAAAAAAA"].table("T")
    return {record.id: field.value(record) for record in table.records.values() for field in table.fields.values()}


def test_a_file_stays_within_twice_what_it_holds_however_much_is_written(tmp_path, short):
    sandbox, state = opened(tmp_path / "state")
    record = send(sandbox, "POST", "/v0/appAAAAAAAAAAAAAA/T", {"fields": {"A": "x"}})["id"]
    sizes = []
    for number in range(300):
        send(sandbox, "PATCH", f"/v0/appAAAAAAAAAAAAAA/T/{record}", {"fields": {"A": str(number)}})
        sizes.append((tmp_path / "state").stat().st_size)
    state.close()
    assert max(sizes) < 5000
    again, state = opened(tmp_path / "state")
    state.close()
    assert cells(again) == cells(sandbox)
    assert again.bases["appAAAAAAAAAAAAAA"].version == sandbox.bases["appAAAAAAAAAAAAAA"].version
    assert again.ids.drawn == sandbox.ids.drawn


def test_every_built_in_base_is_the_same_after_a_checkpoint(tmp_path):
    sandbox = Sandbox(builtin(), state_file=(state := StateFile(tmp_path / "state")))
    state.rewrite(sandbox)
    state.close()
    again = Sandbox({"bases": []}, state_file=(state := StateFile(tmp_path / "state")))
    state.close()
    for base in sandbox.bases.values():
        other = again.bases[base.id]
        assert metadata.tables(other, visible_field_ids=True) == metadata.tables(base, visible_field_ids=True)
        for table in base.tables.values():
            shown = [orjson.dumps(Rendering().record(record, table)) for record in table.records.values()]
            copied = other.tables[table.id]
            assert [orjson.dumps(Rendering().record(record, copied)) for record in copied.records.values()] == shown


def test_a_write_that_the_full_disk_does_not_take_tears_nothing_and_is_kept_once_there_is_room(tmp_path, monkeypatch):
    sandbox, state = opened(tmp_path / "state")
    send(sandbox, "POST", "/v0/appAAAAAAAAAAAAAA/T", {"fields": {"A": "first"}})
    before = (tmp_path / "state").read_bytes()
    write, room = os.write, iter([30])

    def full(descriptor, content):
        if (left := next(room, None)) is None:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, content[:left])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        send(sandbox, "POST", "/v0/appAAAAAAAAAAAAAA/T", {"fields": {"A": "second"}})
    assert (tmp_path / "state").read_bytes() == before
    with pytest.raises(OSError, match="No space"):
        send(sandbox, "POST", "/v0/appAAAAAAAAAAAAAA/T", {"fields": {"A": "third"}})
    monkeypatch.setattr(os, "write", write)
    send(sandbox, "POST", "/v0/appAAAAAAAAAAAAAA/T", {"fields": {"A": "fourth"}})
    state.close()
    again, state = opened(tmp_path / "state")
    state.close()
    assert cells(again) == cells(sandbox)
    assert len(cells(again)) == 4


def test_a_clean_stop_leaves_a_checkpoint_and_nothing_to_do_again(tmp_path):
    (tmp_path / "seed.yaml").write_text(SEED)
    process, api, _ = start(tmp_path)
    url = f"{api}/v0/appAAAAAAAAAAAAAA/T"
    with requests.Session() as session:
        session.headers.update(HEADERS)
        for number in range(20):
            session.post(url, json={"fields": {"A": str(number)}}, timeout=10)
    before = everything(api)
    assert len((tmp_path / "state").read_bytes().splitlines()) == 21
    process.terminate()
    assert process.wait() == 0
    process.stdout.close()
    seed, checkpoint = map(orjson.loads, (tmp_path / "state").read_bytes().splitlines())
    assert ("seed" in seed, checkpoint["plane"]) == (True, "checkpoint")
    process, api, _ = start(tmp_path)
    try:
        assert everything(api) == before
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def test_a_stop_without_room_for_a_checkpoint_leaves_the_lines(tmp_path, monkeypatch):
    sandbox, state = opened(tmp_path / "state")
    send(sandbox, "POST", "/v0/appAAAAAAAAAAAAAA/T", {"fields": {"A": "x"}})
    before = (tmp_path / "state").read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space")))
        sandbox.close()
    assert (tmp_path / "state").read_bytes() == before
    again, state = opened(tmp_path / "state")
    state.close()
    assert cells(again) == cells(sandbox)


def test_a_file_is_of_one_simulator_at_a_time(tmp_path):
    _, state = opened(tmp_path / "state")
    with pytest.raises(InvalidStateFile, match="in use"):
        StateFile(tmp_path / "state")
    state.close()
    StateFile(tmp_path / "state").close()


def test_with_sync_every_line_is_on_the_disk_before_its_answer(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fdatasync", synced.append)
    state = StateFile(tmp_path / "state", sync=True)
    sandbox = Sandbox(read_seed(SEED.encode(), "seed"), state_file=state)
    for number in range(3):
        send(sandbox, "POST", "/v0/appAAAAAAAAAAAAAA/T", {"fields": {"A": str(number)}})
    state.close()
    assert len(synced) == 4


def test_a_checkpoint_has_webhooks_comments_files_and_snapshots(tmp_path):
    sandbox, state = opened(tmp_path / "state")
    base = "/v0/appAAAAAAAAAAAAAA"
    filters = {"specification": {"options": {"filters": {"dataTypes": ["tableData"]}}}}
    hook = send(sandbox, "POST", "/v0/bases/appAAAAAAAAAAAAAA/webhooks", filters)["id"]
    schema = "/v0/meta/bases/appAAAAAAAAAAAAAA/tables/T/fields"
    send(sandbox, "POST", schema, {"name": "F", "type": "multipleAttachments"})
    record = send(sandbox, "POST", f"{base}/T", {"fields": {"A": "x"}})["id"]
    upload = {"contentType": "text/plain", "file": "eHk=", "filename": "a.txt"}
    send(sandbox, "POST", f"{base}/{record}/F/uploadAttachment", upload)
    send(sandbox, "POST", f"{base}/T/{record}/comments", {"text": "hello"})
    sandbox.snapshots.take("s", sandbox.bases, sandbox.ids.drawn)
    send(sandbox, "DELETE", f"{base}/T/{record}", None)
    state.rewrite(sandbox)
    send(sandbox, "POST", f"{base}/T", {"fields": {"A": "after"}})
    state.close()
    again, state = opened(tmp_path / "state")
    state.close()

    def seen(each):
        told = each.webhooks.page(hook, each.bases["appAAAAAAAAAAAAAA"], 1, 50)["payloads"]
        return cells(each), told, each.files.contents, each.ids.drawn

    assert seen(again) == seen(sandbox)
    assert len(seen(again)[1]) == 4
    for each in (sandbox, again):
        each.restore("s")
        table = each.bases["appAAAAAAAAAAAAAA"].table("T")
        assert [comment.text for comment in table.records[record].comments] == ["hello"]
        [file] = table.records[record].cells[table.field("F").id]
        assert each.files.contents[file["id"]] == b"xy"
    assert seen(again) == seen(sandbox)
