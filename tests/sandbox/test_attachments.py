"""Attachments by upload and by URL, and the URLs they are served from."""

import base64
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from sandbox.airtable.pictures import picture_size
from tests.sandbox.bodies import cannot_accept, error

CONTENT = bytes(range(256)) * 20


def png(width, height):
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height) + bytes(9)


def jpeg(width, height):
    comment = b"\xff\xfe" + struct.pack(">H", 6) + b"made"
    return b"\xff\xd8" + comment + b"\xff\xc0" + struct.pack(">HBHH", 11, 8, height, width) + bytes(8)


def gif(width, height):
    return b"GIF89a" + struct.pack("<HH", width, height) + bytes(3)


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


PICTURE_SIZES = [
    (png, (1280, 960), (48, 36), (683, 512)),  # as recorded from Airtable
    (jpeg, (2233, 1536), (52, 36), (744, 512)),  # as recorded
    (gif, (540, 540), (36, 36), (512, 512)),  # as recorded
    (png, (300, 900), (12, 36), (512, 1536)),
    (gif, (1, 20_000), (1, 36), (512, 10_240_000)),
]


@pytest.mark.parametrize(("make", "size", "small", "large"), PICTURE_SIZES)
def test_a_picture_has_its_size_and_thumbnails(client, asset, make, size, small, large):
    content = make(*size)
    [item] = upload(client, asset, file=base64.b64encode(content).decode()).json()["fields"].popitem()[1]
    assert (item["width"], item["height"]) == size
    shown = {name: (each["width"], each["height"]) for name, each in item["thumbnails"].items()}
    assert shown == {"small": small, "large": large, "full": size}
    for each in item["thumbnails"].values():
        assert requests.get(each["url"], timeout=10).content == content


@pytest.mark.parametrize(
    "content",
    [
        CONTENT, b"", png(0, 5), png(5, 5)[:20], jpeg(5, 5)[:14], jpeg(5, 5)[:3], gif(5, 5)[:8], b"RIFF",
        b"\xff\xd8\xff", b"<svg width='5' height='5'/>", b"II*\0" + bytes(40),
    ],
)  # fmt: skip
def test_what_is_no_whole_picture_has_no_size(content):
    assert picture_size(content) == {}


@given(st.sampled_from([png(7, 7), jpeg(7, 7), gif(7, 7), b"RIFF____WEBPVP8 "]), st.binary(max_size=60), st.data())
def test_no_bytes_break_the_reading_of_sizes(content, tail, data):
    picture_size(content[: data.draw(st.integers(2, len(content)))] + tail)


class _Files(BaseHTTPRequestHandler):
    def do_GET(self):
        content = png(20, 10) if self.path == "/picture.png" else CONTENT
        self.send_response(404 if self.path == "/gone.svg" else 200)
        self.send_header("content-type", "image/svg+xml")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def files():
    with HTTPServer(("127.0.0.1", 0), _Files) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_what_a_url_points_at_is_fetched_after_the_answer_and_served_from_our_own(client, asset, files):
    paths = ("chart.svg", "gone.svg", "picture.png")
    written = [{"url": f"{files}/{path}"} for path in paths] + [{"url": "https://files.example.com/far.svg"}]
    answer = client.send("PATCH", asset, json={"fields": {"File": written}}).json()
    assert [item["url"] for item in answer["fields"]["File"]] == [item["url"] for item in written]
    until = time.monotonic() + 10
    items = []
    while sum("size" in item for item in items) < 2 and time.monotonic() < until:
        items = client.get(asset)["fields"]["File"]
        time.sleep(0.02)
    assert (items[0]["size"], items[0]["type"]) == (len(CONTENT), "image/svg+xml")
    assert requests.get(items[0]["url"], timeout=10).content == CONTENT
    assert (items[2]["width"], items[2]["thumbnails"]["small"]["width"]) == (20, 72)
    assert [items[at]["url"] for at in (1, 3)] == [written[at]["url"] for at in (1, 3)]
