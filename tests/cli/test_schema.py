"""`pyat schema`: take, diff, drift."""

import pytest

BASE = "appCRM00000000001"
SCHEMAS = f"/api/v1/schemas/{BASE}"
CHANGE = {"kind": "added", "what": "field"}


def test_a_snapshot_says_its_version(gateway, pyat):
    gateway.on("POST", f"{SCHEMAS}/versions", {"base": BASE, "version": 3, "taken_at": "2026-11-25T16:00:00Z"})
    assert pyat("schema", "take", BASE).stdout == f"{BASE} version 3, taken 2026-11-25T16:00:00Z\n"


@pytest.mark.parametrize(
    ("breaking", "changes", "options", "code"),
    [(True, [CHANGE], [], 1), (False, [CHANGE], [], 0), (False, [CHANGE], ["--any"], 1), (False, [], ["--any"], 0)],
)
def test_drift_ends_with_1_when_something_breaks_or_when_asked_for_any_difference(
    gateway, pyat, breaking, changes, options, code
):
    gateway.on("GET", f"{SCHEMAS}/drift", {"breaking": breaking, "changes": changes, "text": "told"})
    told = pyat("schema", "drift", BASE, "--against", "2", *options)
    assert (told.exit_code, told.stdout) == (code, "told\n")
    assert gateway.seen[0].params == [("against", "2")]


def test_a_diff_asks_for_both_versions(gateway, pyat):
    gateway.on("GET", f"{SCHEMAS}/diff", {"breaking": True, "changes": [CHANGE], "text": "told"})
    assert pyat("schema", "diff", BASE, "1", "2").exit_code == 1
    assert gateway.seen[0].params == [("before", "1"), ("after", "2")]
