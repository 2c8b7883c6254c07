"""The requests of `conformance`: name, method, path, query, body, and under which word to keep the id that comes back.

`{word}` in paths and `<word>` in bodies are filled in.
"""

from __future__ import annotations

from typing import Any

FIELDS: list[dict[str, Any]] = [
    {"name": "Name", "type": "singleLineText"},
    {"name": "Notes", "type": "richText"},
    {"name": "Size", "type": "number", "options": {"precision": 1}},
    {"name": "Share", "type": "percent", "options": {"precision": 0}},
    {"name": "State", "type": "singleSelect", "options": {"choices": [{"name": "New"}, {"name": "Old"}]}},
    {"name": "Tags", "type": "multipleSelects", "options": {"choices": [{"name": "a"}, {"name": "b"}]}},
    {"name": "Done", "type": "checkbox", "options": {"icon": "check", "color": "greenBright"}},
    {"name": "Day", "type": "date", "options": {"dateFormat": {"name": "iso"}}},
]
_WATCHED = {"filters": {"dataTypes": ["tableData"], "recordChangeScope": "<table>"}}
_T, _R = "/v0/{base}/{table}", "/v0/{base}/{table}/{record}"
_ALL = {
    "Name": "one", "Notes": "**bold**", "Size": 1.5, "Share": 0.25, "State": "New", "Tags": ["b", "a"], "Done": True,
    "Day": "2026-01-31",
}  # fmt: skip
#: Each is listed with whatever it lets through.
FORMULAS = (
    "{Name} = 'one'", "{name} = 'one'", "{Size} = 1.5", "{Size} = BLANK()", "{Day} < '2026-02-01'", "{Done}",
    "{Done} = 1",
    "FIND('n', {Name})", "SEARCH('N', {Name}) > 0", "{State} & '' = 'New'", "1 / 0 > 1", "MOD(-3, 2) = 1",
    "{Missing} = 1",
    "NOPE(1)", "IF(", "ARRAYJOIN({Tags}) = 'b,a'", "{Size} > '1'", "EVEN(-1.5) = -2", "WEEKNUM({Day}) = 5",
    "DATETIME_FORMAT({Day}, 'L') = '01/31/2026'", "ERROR()", "LEN({Notes})", "WORKDAY_DIFF({Day}, {Day}) = 0",
    "LAST_MODIFIED_TIME({Name}) = LAST_MODIFIED_TIME()", "LAST_MODIFIED_TIME({Tags})", "LAST_MODIFIED_TIME('Name')",
)  # fmt: skip

STEPS: list[tuple[str, str, str, dict[str, Any] | None, Any, str | None]] = [
    ("create one", "POST", _T, None, {"fields": _ALL}, "record"),
    ("create in a batch", "POST", _T, None, {"records": [{"fields": {"Name": "two"}}, {"fields": {}}]}, None),
    ("create by the table's name", "POST", "/v0/{base}/{name}", None, {"fields": {"Name": "three"}}, "other"),
    ("get", "GET", _R, None, None, None),
    ("get by field ids", "GET", _R, {"returnFieldsByFieldId": "true"}, None, None),
    ("get as texts", "GET", _R, {"cellFormat": "string", "timeZone": "UTC", "userLocale": "en"}, None, None),
    ("texts without a time zone", "GET", _R, {"cellFormat": "string"}, None, None),
    ("list sorted", "GET", _T, {"sort[0][field]": "Name", "sort[0][direction]": "desc"}, None, None),
    ("list by size, where most are empty", "GET", _T, {"sort[0][field]": "Size"}, None, None),
    ("list some fields", "GET", _T, {"fields[]": "State"}, None, None),
    ("list with numbers of comments", "GET", _T, {"recordMetadata[]": "commentCount"}, None, None),
    ("list by POST", "POST", _T + "/listRecords", None, {"maxRecords": 1, "sort": [{"field": "Name"}]}, None),
    ("pages of 101", "GET", _T, {"pageSize": 101}, None, None),
    ("pages of 0", "GET", _T, {"pageSize": 0}, None, None),
    ("an offset that is none", "GET", _T, {"offset": "itrNo"}, None, None),
    ("a view that is none", "GET", _T, {"view": "Nope"}, None, None),
    ("a field that is none", "POST", _T, None, {"fields": {"Nope": 1}}, None),
    ("a value that does not fit", "PATCH", _R, None, {"fields": {"Size": "x"}}, None),
    ("a new choice", "PATCH", _R, None, {"fields": {"State": "Newer"}}, None),
    ("a new choice with typecast", "PATCH", _R, None, {"fields": {"State": "Newer"}, "typecast": True}, None),
    ("typecast of a text that is no number", "PATCH", _R, None, {"fields": {"Size": "x"}, "typecast": True}, None),
    ("clear cells", "PATCH", _R, None, {"fields": {"Notes": None, "Tags": [], "Done": False}}, None),
    ("replace", "PUT", _R, None, {"fields": {"Name": "one", "Size": 0}}, None),
    ("upsert", "PATCH", _T, None, {"performUpsert": {"fieldsToMergeOn": ["Name"]}, "records": [
        {"fields": {"Name": "two", "Size": 2}}, {"fields": {"Name": "four"}}]}, None),
    ("upsert of nothing to merge on", "PATCH", _T, None, {"performUpsert": {}, "records": [{"fields": {}}]}, None),
    ("eleven at once", "POST", _T, None, {"records": [{"fields": {}}] * 11}, None),
    ("the same record twice", "PATCH", _T, None, {"records": [{"id": "<record>", "fields": {}}] * 2}, None),
    ("a record that is none", "GET", _T + "/recAAAAAAAAAAAAAA", None, None, None),
    ("update of a record that is none", "PATCH", _T, None, {"records": [
        {"id": "recAAAAAAAAAAAAAA", "fields": {}}]}, None),
    ("no fields", "POST", _T, None, {}, None),
    ("a list as body", "POST", _T, None, [], None),
    ("a table that is none", "GET", "/v0/{base}/tblAAAAAAAAAAAAAA", None, None, None),
    ("a base that is none", "GET", "/v0/appAAAAAAAAAAAAAA/tblAAAAAAAAAAAAAA", None, None, None),
    ("metadata of a base that is no id", "GET", "/v0/meta/bases/junk/tables", None, None, None),
    ("comment", "POST", _R + "/comments", None, {"text": "hello"}, "comment"),
    ("an empty comment", "POST", _R + "/comments", None, {"text": ""}, None),
    ("delete the comment", "DELETE", _R + "/comments/{comment}", None, None, None),
    ("delete it again", "DELETE", _R + "/comments/{comment}", None, None, None),
    ("make a field", "POST", "/v0/meta/bases/{base}/tables/{table}/fields", None,
     {"name": "Mail", "type": "email"}, None),
    ("make it again", "POST", "/v0/meta/bases/{base}/tables/{table}/fields", None,
     {"name": "Mail", "type": "email"}, None),
    ("make an autonumber", "POST", "/v0/meta/bases/{base}/tables/{table}/fields", None,
     {"name": "No", "type": "autoNumber"}, None),
    ("number without a precision", "POST", "/v0/meta/bases/{base}/tables/{table}/fields", None,
     {"name": "N", "type": "number"}, None),
    ("rename a field", "PATCH", "/v0/meta/bases/{base}/tables/{table}/fields/{field}", None, {"name": "Title"}, None),
    ("name it back", "PATCH", "/v0/meta/bases/{base}/tables/{table}/fields/{field}", None, {"name": "Name"}, None),
    ("make a field of attachments", "POST", "/v0/meta/bases/{base}/tables/{table}/fields", None,
     {"name": "Files", "type": "multipleAttachments"}, None),
    ("upload", "POST", "/v0/{base}/{record}/Files/uploadAttachment", None,
     {"contentType": "text/plain", "file": "aGVsbG8=", "filename": "a.txt"}, None),
    ("upload without a name", "POST", "/v0/{base}/{record}/Files/uploadAttachment", None,
     {"contentType": "text/plain", "file": "aGVsbG8="}, None),
    ("make a webhook", "POST", "/v0/bases/{base}/webhooks", None, {"specification": {"options": _WATCHED}}, "hook"),
    ("make a webhook of nothing", "POST", "/v0/bases/{base}/webhooks", None, {"specification": {}}, None),
    ("no payloads yet", "GET", "/v0/bases/{base}/webhooks/{hook}/payloads", None, None, None),
    ("change what is watched", "PATCH", _R, None, {"fields": {"Size": 3}}, None),
    ("payloads", "GET", "/v0/bases/{base}/webhooks/{hook}/payloads", {"cursor": 1}, None, None),
    ("payloads from beyond the end", "GET", "/v0/bases/{base}/webhooks/{hook}/payloads", {"cursor": 9}, None, None),
    ("51 payloads", "GET", "/v0/bases/{base}/webhooks/{hook}/payloads", {"limit": 51}, None, None),
    ("refresh the webhook", "POST", "/v0/bases/{base}/webhooks/{hook}/refresh", None, None, None),
    ("enable notifications", "POST", "/v0/bases/{base}/webhooks/{hook}/enableNotifications", None,
     {"enable": True}, None),
    ("delete the webhook", "DELETE", "/v0/bases/{base}/webhooks/{hook}", None, None, None),
    ("payloads of no webhook", "GET", "/v0/bases/{base}/webhooks/{hook}/payloads", None, None, None),
    *((f"formula {each}", "GET", _T, {"filterByFormula": each, "fields[]": "Name"}, None, None) for each in FORMULAS),
    ("delete", "DELETE", "/v0/{base}/{table}/{other}", None, None, None),
    ("delete again", "DELETE", "/v0/{base}/{table}/{other}", None, None, None),
]  # fmt: skip
