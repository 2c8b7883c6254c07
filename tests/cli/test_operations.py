"""`pyat operations` and `pyat undo`: what is asked of the gateway, and what is printed."""

from typing import Any

ID, BY = "019d0000-0000-7000-8000-000000000001", "019d0000-0000-7000-8000-000000000002"
ITEM = {
    "id": ID,
    "created_at": "2026-11-25T08:00:00Z",
    "action": "record.delete",
    "state": "done",
    "records": 1,
    "actor": "ada",
    "table": "tblA",
}
REVERT = f"/api/v1/operations/{ID}/revert"


def told(**more: Any) -> dict[str, Any]:
    return {"text": "+ create recA (under a new id)", "by": None, "complete": True, **more}


def test_operations_are_listed_with_their_filters(gateway, pyat):
    gateway.on("GET", "/api/v1/operations", {"items": [ITEM], "next": ID})
    done = pyat("operations", "list", "--actor", "ada", "--state", "done", "--page-size", "1")
    assert done.stdout.splitlines()[1].split() == list(map(str, ITEM.values()))
    assert f"--cursor {ID}" in done.stderr
    assert sorted(gateway.seen[0].params) == [("actor", "ada"), ("page_size", "1"), ("state", "done")]


def test_an_operation_is_shown_record_by_record(gateway, pyat):
    row = {"kind": "delete", "record": "recA", "state": "done", "before": {"Name": "Ada"}, "after": None}
    gateway.on("GET", f"/api/v1/operations/{ID}", {**ITEM, "details": [row]})
    assert 'delete  recA    done   {"Name": "Ada"}' in pyat("operations", "show", ID).stdout


def test_undo_shows_what_it_would_do_and_does_it_once_confirmed(gateway, pyat):
    gateway.on("GET", "/api/v1/operations", {"items": [ITEM], "next": None})
    gateway.on("POST", REVERT, told())
    gateway.on("POST", REVERT, told(by=BY))
    done = pyat("undo", input="y\n")
    assert [request.body for request in gateway.seen if request.method == "POST"] == [
        {"force": False, "only_records": [], "only_fields": [], "dry_run": True},
        {"force": False, "only_records": [], "only_fields": []},
    ]
    assert f"pyat undo {BY}" in done.stderr
    assert done.exit_code == 0


def test_undo_that_is_not_confirmed_does_nothing(gateway, pyat):
    gateway.on("POST", REVERT, told())
    assert pyat("undo", ID, input="n\n").exit_code == 1
    assert len(gateway.seen) == 1


def test_undo_with_conflicts_ends_as_a_part(gateway, pyat):
    gateway.on("POST", REVERT, told(by=BY, complete=False), status=207)
    done = pyat("undo", ID, "--yes", "--force", "--record", "recA", "--field", "City")
    assert done.exit_code == 8
    assert gateway.seen[0].body == {"force": True, "only_records": ["recA"], "only_fields": ["City"]}


def test_undo_before_anything_was_written_says_so(gateway, pyat):
    gateway.on("GET", "/api/v1/operations", {"items": [], "next": None})
    assert pyat("undo").exit_code == 3
