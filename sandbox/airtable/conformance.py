"""`python -m sandbox.airtable conformance`: the same requests to Airtable and to the simulator, and what differs.

It makes one table in the base given, and deletes its records at the end; Airtable's API cannot delete the table.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote, urlencode

from sandbox.airtable.conformance_script import FIELDS, STEPS
from sandbox.airtable.embedded import TOKEN, running

_ID = re.compile(r"(?:app|tbl|fld|viw|rec|usr|com|itr|sel|ach|att)[0-9A-Za-z]{14}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z")
#: What can never be the same: who asks, secrets, and what a base has counted before.
_OWN = {"email", "macSecretBase64", "baseTransactionNumber", "url"}
#: Seconds between requests to the real Airtable: four a second.
_PACE = 0.25

Answer = tuple[int, Any]


class Api:
    """Answers as they came; a refusal is an answer too."""

    def __init__(self, url: str, token: str, base: str, pace: float) -> None:
        self._url, self._token, self.base, self._pace = url.rstrip("/"), token, base, pace

    def send(self, method: str, path: str, body: Any = None) -> Answer:
        time.sleep(self._pace)
        headers = {"authorization": f"Bearer {self._token}", "content-type": "application/json"}
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, content, headers, method=method)  # noqa: S310 (http(s) only)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as refusal:
            text = refusal.read().decode("utf-8", "replace")
            try:
                return refusal.code, json.loads(text)
            except ValueError:
                return refusal.code, text


def main(arguments: list[str]) -> int:
    """0 when nothing differs, 1 when something does, 2 when it could not be tried."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.airtable conformance", description=__doc__)
    parser.add_argument("--base", required=True, help="an empty base of yours, app…")
    parser.add_argument("--token", default=os.environ.get("AIRTABLE_TOKEN"), help="better given as AIRTABLE_TOKEN")
    parser.add_argument("--url", default="https://api.airtable.com", help="where Airtable is")
    options = parser.parse_args(arguments)
    if not options.token or not options.url.startswith(("http://", "https://")):
        print("conformance: give a token in AIRTABLE_TOKEN, and a --url of http or https", file=sys.stderr)
        return 2
    base = "app" + "C" * 14
    seed = {"bases": [{"id": base, "name": "Conformance", "tables": [{"name": "First", "fields": FIELDS[:1]}]}]}
    try:
        real = run(Api(options.url, options.token, options.base, _PACE))
        with running(seed, limits="off") as airtable:
            ours = run(Api(airtable.url, TOKEN, base, 0.0))
    except (OSError, ValueError) as error:
        print(f"conformance: {error}", file=sys.stderr)
        return 2
    different = [name for name in ours if ours[name] != real[name]]
    for name in different:
        print(f"{name}\n  Airtable: {_line(real[name])}\n  sandbox:  {_line(ours[name])}")
    print(f"{len(ours) - len(different)} of {len(ours)} requests are answered alike")
    return 1 if different else 0


def run(api: Api) -> dict[str, Answer]:
    """The answer to each step, with ids and times made comparable. Raises ValueError when the table cannot be made."""
    name = f"Conformance {int(time.time() * 1000)}"
    status, table = api.send("POST", f"/v0/meta/bases/{api.base}/tables", {"name": name, "fields": FIELDS})
    if status != 200:
        raise ValueError(f"the table cannot be made: {status} {table}")
    known = {"base": api.base, "table": table["id"], "name": quote(name), "field": table["fields"][0]["id"]}
    words = {name: "<table>", **{field["id"]: f"<{field['name']}>" for field in table["fields"]}}
    answers: dict[str, Answer] = {}
    try:
        for step, method, path, query, body, keep in STEPS:
            address = path.format(**known) + (f"?{urlencode(query)}" if query else "")
            status, content = api.send(method, address, json.loads(_filled(json.dumps(body), known)))
            if keep and isinstance(content, dict):
                known[keep] = content.get("id") or (content.get("records") or [{}])[0].get("id") or "recAAAAAAAAAAAAAA"
            answers[step] = status, comparable(content, words)
    finally:
        _clean(api, table["id"])
    return answers


def comparable(content: Any, words: dict[str, str]) -> Any:
    """Ids become their kind and number in order of appearance, times and what is in `words` one word each.

    What is `_OWN` to each side, and the names of users, become their key.
    """
    text = json.dumps(_without_own(content))
    for known, word in words.items():
        text = text.replace(known, word)
    seen: dict[str, str] = {}

    def numbered(match: re.Match[str]) -> str:
        return seen.setdefault(match[0], f"{match[0][:3]}#{len(seen) + 1}")

    text = json.dumps(json.loads(_TIME.sub("<time>", text)), sort_keys=True)
    return json.loads(_ID.sub(numbered, text))


def _without_own(content: Any) -> Any:
    match content:
        case dict():
            own = _OWN | {"name", "displayName"} if str(content.get("id")).startswith("usr") else _OWN
            return {key: f"<{key}>" if key in own else _without_own(value) for key, value in content.items()}
        case list():
            return [_without_own(item) for item in content]
    return content


def _filled(body: str, known: dict[str, str]) -> str:
    for key, value in known.items():
        body = body.replace(f"<{key}>", value)
    return body


def _clean(api: Api, table: str) -> None:
    while True:
        _, page = api.send("GET", f"/v0/{api.base}/{table}?pageSize=10")
        records = [record["id"] for record in page.get("records", ())] if isinstance(page, dict) else []
        if not records:
            return
        api.send("DELETE", f"/v0/{api.base}/{table}?{urlencode([('records[]', each) for each in records])}")


def _line(answer: Answer) -> str:
    text = f"{answer[0]} {json.dumps(answer[1], ensure_ascii=False)}"
    return text if len(text) <= 500 else text[:500] + "…"
