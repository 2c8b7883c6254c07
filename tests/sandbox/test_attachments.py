"""Attachments by upload and by URL, and the URLs they are served from."""

import base64
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests

from tests.sandbox.bodies import cannot_accept, error

CONTENT = bytes(range(256)) * 20


@pytest.fixture
def asset(client):
    """The path of a record without attachments."""
    made = client.send("POST", client.path("Content calendar", "Assets"), json={"fields": {"Name": "Fresh"}}).json()
    return f"{client.path('Content calendar', 'Assets')}/{made['id']}"


def upload(client, asset, field="File", **changes):
    _, _, base, _, record = asset.split("/")
    file = base64.encodebytes(CONTENT).decode()  # with line breaks, as pyairtable sends it
    body = {"contentType": "image/png", "file": file, "filename": "a b.png", **changes}
    return client.send("POST", f"/v0/{base}/{record}/{field}/uploadAttachment", json=body)


def test_an_upload_is_added_to_the_cell_and_served_until_its_url_expires(client, admin, asset):
    field = client.table("Content calendar", "Assets").field("File").id
    first = upload(client, asset).json()
    assert list(first["fields"]) == [field]
    second = upload(client, asset, field=field).json()["fields"][field]
    assert [item["id"] for item in second][:1] == [first["fields"][field][0]["id"]]
    assert (second[1]["filename"], second[1]["size"], second[1]["type"]) == ("a b.png", len(CONTENT), "image/png")
    url = second[1]["url"]
    assert client.get(asset)["fields"]["File"] == second
    served = requests.get(url, timeout=10)
    assert (served.content, served.headers["content-type"]) == (CONTENT, "image/png")
    assert requests.get(url.replace("/v3/u/", "/v3/u/9"), timeout=10).status_code == 404
    admin.send("POST", "/clock", json={"advance": 2 * 3600})
    assert requests.get(url, timeout=10).status_code == 200
    admin.send("POST", "/clock", json={"advance": 3600})
    assert requests.get(url, timeout=10).status_code == 410
    fresh = client.get(asset)["fields"]["File"][1]["url"]
    assert fresh != url
    assert requests.get(fresh, timeout=10).content == CONTENT


def test_an_upload_that_is_none_is_refused(client, asset):
    assert upload(client, asset, field="Name").json() == cannot_accept("Name")
    assert upload(client, asset, field="No").json() == error("UNKNOWN_FIELD_NAME", 'Unknown field name: "No"')
    assert upload(client, asset, file="!").status_code == 422
    assert upload(client, asset, filename=None).status_code == 422
    large = base64.b64encode(b"x" * (5 * 1024 * 1024 + 1)).decode()
    assert upload(client, asset, file=large).status_code == 413
    gone = asset.rpartition("/")[0] + "/recAAAAAAAAAAAAAA"
    assert upload(client, gone).status_code == 404
    assert "File" not in client.get(asset)["fields"]


class _Files(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/chart.svg" else 404)
        self.send_header("content-type", "image/svg+xml")
        self.send_header("content-length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT)

    def log_message(self, *_):
        pass


@pytest.fixture
def files():
    with HTTPServer(("127.0.0.1", 0), _Files) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_what_a_url_points_at_is_fetched_after_the_answer_and_served_from_our_own(client, asset, files):
    given = [{"url": f"{files}/chart.svg"}, {"url": f"{files}/gone.svg"}, {"url": "https://files.example.com/far.svg"}]
    answer = client.send("PATCH", asset, json={"fields": {"File": given}}).json()
    assert [item["url"] for item in answer["fields"]["File"]] == [item["url"] for item in given]
    until = time.monotonic() + 10
    while "size" not in (items := client.get(asset)["fields"]["File"])[0] and time.monotonic() < until:
        time.sleep(0.02)
    assert (items[0]["size"], items[0]["type"]) == (len(CONTENT), "image/svg+xml")
    assert requests.get(items[0]["url"], timeout=10).content == CONTENT
    assert [item["url"] for item in items[1:]] == [item["url"] for item in given[1:]]
