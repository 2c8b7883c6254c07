"""`pyat audit`: search, verify, reconcile, export."""

import json

ENTRY = {
    "occurred_at": "2026-11-25T16:00:00.000000Z",
    "action": "record.update",
    "outcome": "denied",
    "actor": {"type": "agent", "id": "helper", "acting_for": "alice"},
    "service": "airtable-connector",
    "targets": [{"type": "record", "id": "rec1"}],
}
WHOLE = {
    "ok": True,
    "entries": 10,
    "erased": 1,
    "checkpoints": 2,
    "exported": 2,
    "size": 20,
    "breaks": [],
    "next": None,
}
EXPORT = {"id": "e1", "state": "waiting", "done": 0, "total": 3, "parts": 0, "bytes": 0, "problem": None}


def test_entries_are_told_a_line_each_and_where_to_go_on(gateway, pyat):
    items = [{"index": 7, "entry": ENTRY}, {"index": 6, "entry": None}]
    gateway.on("GET", "/api/v1/audit/entries", {"items": items, "next": "6"})
    told = pyat("audit", "search", "--actor", "alice", "--trace", "t1")
    lines = told.stdout.splitlines()
    assert lines[1].split() == [
        *("7", "2026-11-25T16:00:00.000000Z", "record.update", "denied", "helper", "for", "alice"),
        *("airtable-connector", "record:rec1"),
    ]
    assert "(erased)" in lines[2]
    assert "--cursor 6" in told.stderr
    assert gateway.seen[0].params == [("actor", "alice"), ("trace_id", "t1"), ("page_size", "20")]


def test_a_search_is_kept_by_name_listed_run_and_deleted(gateway, pyat):
    kept = {"name": "ours", "filter": {"outcome": "failed", "address": "192.0.2.0/24", "text": None}, "set_by": "me"}
    gateway.on("PUT", "/api/v1/audit/searches/ours", kept)
    gateway.on("GET", "/api/v1/audit/searches", {"items": [kept], "next": None})
    gateway.on("GET", "/api/v1/audit/searches/ours/entries", {"items": [{"index": 7, "entry": ENTRY}], "next": None})
    gateway.on("DELETE", "/api/v1/audit/searches/ours", None)
    told = pyat("audit", "searches", "save", "ours", "--outcome", "failed", "--address", "192.0.2.0/24")
    assert told.stdout == "ours: outcome failed, address 192.0.2.0/24\n"
    assert pyat("audit", "searches", "list").stdout.splitlines()[1].split()[0] == "ours"
    assert "record.update" in pyat("audit", "search", "--saved", "ours").stdout
    assert pyat("audit", "searches", "delete", "ours").exit_code == 0
    assert gateway.seen[0].body == {"outcome": "failed", "address": "192.0.2.0/24"}
    assert pyat("audit", "search", "--saved", "ours", "--actor", "alice").exit_code == 2


def test_who_had_to_do_with_a_record_is_told_a_line_each(gateway, pyat):
    line = {"actor_type": "agent", "actor": "helper", "acting_for": "alice", "action": "record.read", "times": 12,
            "outcome": "succeeded", "service": "airtable-connector", "first_at": "a", "last_at": "b"}  # fmt: skip
    gateway.on("GET", "/api/v1/audit/access", {"target": "record:rec1", "items": [line]})
    told = pyat("audit", "access", "record:rec1", "--since", "2026-11-01T00:00:00Z", "--trail", "platform")
    assert told.stdout.splitlines()[1].split() == [
        *("b", "12", "record.read", "succeeded", "airtable-connector", "helper", "for", "alice")
    ]  # fmt: skip
    asked = [("target", "record:rec1"), ("since", "2026-11-01T00:00:00Z"), ("trail", "platform")]
    assert gateway.seen[0].params == asked
    assert json.loads(pyat("audit", "access", "record:rec1", "--json").stdout)["items"] == [line]


def test_the_key_is_told_as_the_offline_verifier_takes_it(gateway, pyat):
    gateway.on("GET", "/api/v1/audit/key", {"key": "audit-service+1+AQ==", "handovers": []})
    assert pyat("audit", "key").stdout == "audit-service+1+AQ==\n"


def test_verifying_goes_on_until_all_of_the_trail_was_seen(gateway, pyat):
    gateway.on("GET", "/api/v1/audit/verify", WHOLE | {"next": 10})
    gateway.on("GET", "/api/v1/audit/verify", WHOLE)
    told = pyat("audit", "verify")
    assert told.exit_code == 0
    assert told.stdout.startswith("OK: 20 entries (2 erased) under 4 checkpoints, 4 of them")
    assert [dict(request.params)["from"] for request in gateway.seen] == ["0", "10"]


def test_a_broken_trail_names_the_entry_and_ends_with_1(gateway, pyat):
    broken = {"index": 17, "kind": "entry", "detail": "Entry 17: its bytes are not those that were chained."}
    gateway.on("GET", "/api/v1/audit/verify", WHOLE | {"ok": False, "breaks": [broken]})
    told = pyat("audit", "verify")
    assert (told.exit_code, told.stdout.startswith("BROKEN at index 17: ")) == (1, True)
    assert json.loads(pyat("audit", "verify", "--json").stdout)["breaks"] == [broken]


def test_an_export_is_waited_for_and_its_parts_written_one_after_the_other(gateway, pyat, tmp_path, monkeypatch):
    monkeypatch.setattr("cli.audit.WAIT", 0)
    gateway.on("POST", "/api/v1/audit/exports", EXPORT)
    gateway.on("GET", "/api/v1/audit/exports/e1", EXPORT | {"state": "working", "done": 1})
    gateway.on("GET", "/api/v1/audit/exports/e1", EXPORT | {"state": "done", "done": 3, "parts": 2, "bytes": 4})
    gateway.on("GET", "/api/v1/audit/exports/e1/content", "a")
    gateway.on("GET", "/api/v1/audit/exports/e1/content", "b")
    told = pyat("audit", "export", str(tmp_path / "x.csv"), "--action", "record.*")
    assert told.exit_code == 0, told.stderr
    assert (tmp_path / "x.csv").read_bytes() == b"ab"
    assert "1 of 3 entries" in told.stderr
    assert gateway.seen[0].body == {"format": "csv", "filter": {"action": "record.*"}}


def test_an_export_of_the_platforms_trail_asks_for_it_at_every_step(gateway, pyat, tmp_path):
    gateway.on("POST", "/api/v1/audit/exports", EXPORT | {"state": "done", "parts": 1, "bytes": 1})
    gateway.on("GET", "/api/v1/audit/exports/e1/content", "a")
    told = pyat("audit", "export", str(tmp_path / "x.bundle"), "--format", "bundle", "--trail", "platform")
    assert told.exit_code == 0, told.stderr
    assert [("trail", "platform") in seen.params for seen in gateway.seen] == [True, True]


def test_an_export_that_failed_says_why(gateway, pyat, tmp_path):
    gateway.on("POST", "/api/v1/audit/exports", EXPORT | {"state": "failed", "problem": "no more room"})
    told = pyat("audit", "export", str(tmp_path / "x.csv"))
    assert (told.exit_code, "no more room" in told.stderr) == (1, True)


HOUR = {"tenant": "local", "hour": "2026-11-25T16:00:00Z", "counted": 3, "entries": 2, "unanswered": 0, "exempt": 1,
        "missing": 1, "doubled": 0, "uncounted": 0}  # fmt: skip
LOST = {"kind": "missing", "request_id": "r7", "service": "airtable-connector", "counted": 1, "entries": 0}


def test_reconciling_goes_on_until_all_hours_were_seen_and_names_the_requests(gateway, pyat):
    first = {"ok": False, "hours": [HOUR | {"gaps": [LOST]}], "next": "2026-11-25T17:00:00Z"}
    gateway.on("GET", "/api/v1/audit/reconciliation", first)
    gateway.on("GET", "/api/v1/audit/reconciliation", {"ok": True, "hours": [HOUR | {"gaps": []}], "next": None})
    told = pyat("audit", "reconcile", "--trail", "platform")
    assert told.exit_code == 1
    assert told.stdout.splitlines()[1].split()[:4] == ["local", "2026-11-25T16:00:00Z", "3", "2"]
    assert "MISSING in local: request r7, 0 entries of airtable-connector for 1 answers" in told.stdout
    assert gateway.seen[1].params == [("since", "2026-11-25T17:00:00Z"), ("trail", "platform")]


def test_a_trail_that_has_what_the_gateway_counted_ends_with_0(gateway, pyat):
    gateway.on("GET", "/api/v1/audit/reconciliation", {"ok": True, "hours": [], "next": None})
    assert pyat("audit", "reconcile", "--since", "2026-11-25").exit_code == 0
    assert json.loads(pyat("audit", "reconcile", "--json").stdout)["ok"] is True
